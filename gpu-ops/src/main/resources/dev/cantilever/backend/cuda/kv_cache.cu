// The paged KV cache: where new tokens go, and their keys and values put there (where each row has
// one new token, attention_decode does that). Nothing is written once a fault is reported, by these
// kernels or before them.
#include "prelude.cuh"
#include "early_launch.cuh"
#include "attention.cuh"

// Kinds of fault, above the row or slot that is wrong.
#define WRONG_SLOT 0
#define NO_ROOM (1 << 22)
#define WRONG_PAGE (2 << 22)

// For every new token n: places[n], its index among the tokens of all pages, and turns[n], its
// rotary cosines and sines. A block a row; checks as dev.cantilever.backend.onednn.CacheRow does.
extern "C" __global__ void place_tokens(
    int* places,
    float2* turns,
    const int* slots,
    const int* offsets,
    const int* lengths,
    const int* pageTable,
    int slotCount,
    int maxPages,
    int pageTokens,
    int pages,
    int half,
    const __grid_constant__ Rotary rotary,
    u64* faults,
    int call) {
  int row = blockIdx.x;
  int slot = slots[row];
  if (slot < 0 || slot >= slotCount) {
    if (threadIdx.x == 0) report_fault(faults, call, WRONG_SLOT | row, (u32)slot);
    return;
  }
  for (int r = threadIdx.x; r < row; r += blockDim.x) {
    if (slots[r] == slot) report_fault(faults, call, WRONG_SLOT | row, (u32)slot);
  }
  int start = offsets[row];
  int count = offsets[row + 1] - start;
  int cached = lengths[slot];
  s64 tokens = (s64)cached + count;
  s64 needed = (tokens + pageTokens - 1) / pageTokens;
  if (cached < 0 || needed > maxPages) {
    if (threadIdx.x == 0) report_fault(faults, call, NO_ROOM | slot, (u32)tokens);
    return;
  }
  const int* table = pageTable + (s64)slot * maxPages;
  for (int p = threadIdx.x; p < needed; p += blockDim.x) {
    if (table[p] < 0 || table[p] >= pages) report_fault(faults, call, WRONG_PAGE | slot, (u32)table[p]);
  }
  for (int t = threadIdx.x; t < count; t += blockDim.x) {
    int position = cached + t;
    places[start + t] = table[position / pageTokens] * pageTokens + position % pageTokens;
  }
  for (int e = threadIdx.x; e < count * half; e += blockDim.x) {
    turns[(s64)start * half + e] = rotary_turn(cached + e / half, e % half, rotary);
  }
}

// Four elements of a head vector from d on, turned by `turns` [half]: for heads, and halves of the rotated
// dimensions, of whole quads.
static __device__ __forceinline__ quad rotated_quad(
    const float* vector, int d, int half, const float2* turns) {
  quad key = load_quad(vector, d, 4, true);
  if (d < 2 * half) {
    quad across = load_quad(vector, partner(d, half), 4, true);
    const float4* own = (const float4*)(turns + (d < half ? d : d - half));
    float4 first = own[0];
    float4 second = own[1];
    key.e[0] = turned(key.e[0], across.e[0], d, half, make_float2(first.x, first.y), 1.0f);
    key.e[1] = turned(key.e[1], across.e[1], d + 1, half, make_float2(first.z, first.w), 1.0f);
    key.e[2] = turned(key.e[2], across.e[2], d + 2, half, make_float2(second.x, second.y), 1.0f);
    key.e[3] = turned(key.e[3], across.e[3], d + 3, half, make_float2(second.z, second.w), 1.0f);
  }
  return key;
}

// Keys, rotated, and values of every token: four of its K*D elements a thread. Block (token, part of them).
extern "C" __global__ void append_tokens(
    void* keys,
    void* values,
    int storage,
    const float* qkv,
    const int* places,
    const float2* turns,
    const u64* faults,
    const Heads heads) {
  let_next_kernel_begin();
  if (faulted(faults)) return;
  int elements = heads.heads / heads.group * heads.size;
  int e = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
  if (e >= elements) return;
  s64 target = (s64)places[blockIdx.x] * elements + e;
  qkv += (s64)blockIdx.x * heads.width;
  turns += (s64)blockIdx.x * heads.half;
  bool wide =
      quads_align((u64)qkv | (u64)turns | (u64)keys | (u64)values, heads.size | heads.half);
  quad key = {};
  quad value = {};
  if (wide) {
    int head = e / heads.size;
    int d = e - head * heads.size;
    const float* vectors = qkv + head * heads.kvStride;
    value = load_quad(vectors + heads.valueBase, d, 4, true);
    key = rotated_quad(vectors + heads.keyBase, d, heads.half, turns);
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (e + i < elements) {
        int head = (e + i) / heads.size;
        int d = e + i - head * heads.size;
        const float* vectors = qkv + head * heads.kvStride;
        value.e[i] = vectors[heads.valueBase + d];
        key.e[i] = rotated(vectors + heads.keyBase, d, heads.half, turns, 1.0f);
      }
    }
  }
  store_quad(keys, target, elements - e, wide, storage, key);
  store_quad(values, target, elements - e, wide, storage, value);
}

// lengths[slot of row] += new tokens of row, for all rows or, if a slot is wrong, for none. One block.
extern "C" __global__ void advance(
    int* lengths, const int* slots, const int* offsets, int rows, int slotCount, u64* faults, int fault) {
  bool wrong = faulted(faults);
  for (int row = threadIdx.x; row < rows; row += blockDim.x) {
    int slot = slots[row];
    bool bad = slot < 0 || slot >= slotCount;
    for (int r = 0; r < row; r++) bad |= slots[r] == slot;
    if (bad) report_fault(faults, fault, row, (u32)slot);
    wrong |= bad;
  }
  if (__syncthreads_or(wrong)) return;
  for (int row = threadIdx.x; row < rows; row += blockDim.x) {
    lengths[slots[row]] += offsets[row + 1] - offsets[row];
  }
}
