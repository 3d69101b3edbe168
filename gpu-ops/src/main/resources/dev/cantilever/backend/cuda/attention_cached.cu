// Attention of new tokens to a paged cache that already holds their keys and values.
#include "prelude.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"

// A cache is of floats or, with BFLOAT defined, of bfloats.
#ifdef BFLOAT
typedef u16 Stored;
#else
typedef float Stored;
#endif

// Where the pages of one slot lie.
struct Slot {
  const int* table;
  int pageTokens;

  __device__ __forceinline__ int place(int token) const {
    return table[token / pageTokens] * pageTokens + token % pageTokens;
  }
};

// Rows of any number of new tokens. Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_prefill(
    float* out,
    const float* qkv,
    const float2* turns,
    const Stored* keys,
    const Stored* values,
    const int* slots,
    const int* lengths,
    const int* pageTable,
    int maxPages,
    int pageTokens,
    const int* offsets,
    int tiles,
    const u64* faults,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* shared = (float*)memory;
  if (faulted(faults)) return;
  int row = blockIdx.x / tiles;
  int start = offsets[row];
  int length = offsets[row + 1] - start;
  int first = blockIdx.x % tiles * QUERIES;
  if (first >= length) return;
  int count = min(QUERIES, length - first);
  int head = blockIdx.y;
  int slot = slots[row];
  int cached = lengths[slot];
  Slot pages = {pageTable + (s64)slot * maxPages, pageTokens};
  s64 token = start + first;
  load_rotated<QUERIES>(
      shared,
      count,
      qkv + token * heads.width + head * heads.queryStride,
      turns + token * heads.half,
      heads,
      heads.scale);
  s64 stride = heads.heads / heads.group * heads.size;
  int column = head / heads.group * heads.size;
  auto load = [&](const Stored* source) {
    return [=](float* tile, int from, int present) {
      load_tile<KEYS>(tile, present, heads.size, [=](int i) {
        return source + pages.place(from + i) * stride + column;
      });
    };
  };
  attend(
      out + (token * heads.heads + head) * heads.size,
      (s64)heads.heads * heads.size,
      nullptr,
      0,
      shared,
      count,
      cached + first,
      cached + (heads.causal ? first + count : length),
      heads,
      load(keys),
      load(values));
}

// Decoding takes a tile of KEYS keys a warp and so GROUP keys at once; the running maximum and the
// sums then go through these tiles in order, with the roundings of attend.
#define GROUP (WARPS * KEYS)
#define SLICE 32  // dimensions of a warp's keys in shared memory at once
#define SLICE_STRIDE (SLICE + 4)
#define DIMENSIONS ((HEAD + THREADS - 1) / THREADS)  // of the output, a thread

// Rows of one new token each. Block (row, query head); a lane has a key, then a thread a dimension.
extern "C" __global__ void __launch_bounds__(THREADS) attention_decode(
    float* out,
    const float* qkv,
    const float2* turns,
    const Stored* __restrict__ keys,
    const Stored* __restrict__ values,
    const int* slots,
    const int* lengths,
    const int* pageTable,
    int maxPages,
    int pageTokens,
    const u64* faults,
    const Heads heads) {
  __shared__ __align__(16) float query[HEAD];
  __shared__ __align__(16) float slices[WARPS][KEYS * SLICE_STRIDE];
  __shared__ float weights[GROUP];
  __shared__ int places[GROUP];
  __shared__ float tops[WARPS];     // of each tile, the largest score
  __shared__ float shrinks[WARPS];  // what the sums before it are multiplied by
  __shared__ float parts[WARPS];    // its sum of exponentials
  if (faulted(faults)) return;
  int row = blockIdx.x;
  int head = blockIdx.y;
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int slot = slots[row];
  int seen = lengths[slot] + 1;
  Slot pages = {pageTable + (s64)slot * maxPages, pageTokens};
  s64 stride = heads.heads / heads.group * heads.size;
  keys += head / heads.group * heads.size;
  values += head / heads.group * heads.size;
  const float* vector = qkv + (s64)row * heads.width + head * heads.queryStride;
  for (int d = threadIdx.x; d < HEAD; d += THREADS) {
    query[d] = d < heads.size
        ? __fmul_rn(rotated(vector, d, heads.half, turns + (s64)row * heads.half, 1.0f), heads.scale)
        : 0.0f;
  }
  float most = NO_SCORE;
  float total = 0.0f;
  float sums[DIMENSIONS];
#pragma unroll
  for (int c = 0; c < DIMENSIONS; c++) sums[c] = 0.0f;

  for (int from = 0; from < seen; from += GROUP) {
    int present = min(GROUP, seen - from);
    int tiles = (present + KEYS - 1) / KEYS;
    __syncthreads();  // the group before has been used
    float score = NO_SCORE;
    if (warp < tiles) {
      int place = pages.place(from + min((int)threadIdx.x, present - 1));
      places[threadIdx.x] = place;
      float* slice = slices[warp];
      float sum = 0.0f;
#pragma unroll 1
      for (int d = 0; d < HEAD; d += SLICE) {
#pragma unroll 1
        for (int half = 0; half < KEYS; half += KEYS / 2) {
          float loaded[KEYS / 2];  // so many loads in flight
#pragma unroll
          for (int i = 0; i < KEYS / 2; i++) {
            s64 key = __shfl_sync(FULL_WARP, place, half + i) * stride;
            loaded[i] = d + lane < heads.size ? widened(keys[key + d + lane]) : 0.0f;
          }
#pragma unroll
          for (int i = 0; i < KEYS / 2; i++) slice[(half + i) * SLICE_STRIDE + lane] = loaded[i];
        }
        __syncwarp();
#pragma unroll
        for (int e = 0; e < SLICE; e += 4) {
          sum = add_dot(
              sum, *(const float4*)(query + d + e), *(const float4*)(slice + lane * SLICE_STRIDE + e));
        }
        __syncwarp();
      }
      if (threadIdx.x < present) score = sum;
    }
    float top = warp_max(score);
    if (lane == 0) tops[warp] = top;
    __syncthreads();
    float before = most;
    float after = most;
    for (int w = 0; w <= warp; w++) {
      before = after;
      after = fmaxf(after, tops[w]);
    }
    float weight = expf(score - after);
    float part = warp_sum(weight);
    weights[threadIdx.x] = weight;
    if (lane == 0) {
      shrinks[warp] = expf(before - after);
      parts[warp] = part;
    }
    __syncthreads();
    for (int w = 0; w < tiles; w++) {
      most = fmaxf(most, tops[w]);
      total = __fmaf_rn(total, shrinks[w], parts[w]);
#pragma unroll
      for (int c = 0; c < DIMENSIONS; c++) sums[c] = __fmul_rn(sums[c], shrinks[w]);
      int end = min(present, (w + 1) * KEYS);
#pragma unroll 8
      for (int i = w * KEYS; i < end; i++) {
#pragma unroll
        for (int c = 0; c < DIMENSIONS; c++) {
          int d = threadIdx.x + c * THREADS;
          float value = d < heads.size ? widened(values[places[i] * stride + d]) : 0.0f;
          sums[c] = __fmaf_rn(weights[i], value, sums[c]);
        }
      }
    }
  }
#pragma unroll
  for (int c = 0; c < DIMENSIONS; c++) {
    int d = threadIdx.x + c * THREADS;
    if (d < heads.size) {
      out[((s64)row * heads.heads + head) * heads.size + d] = __fdiv_rn(sums[c], total);
    }
  }
}
