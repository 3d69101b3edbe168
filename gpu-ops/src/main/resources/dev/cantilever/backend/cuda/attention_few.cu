// Attention of rows of few new tokens to a paged cache that already holds their keys and values, with the
// roundings of attention_prefill, whose tiles such rows leave all but empty. A warp has FEW queries of a row
// and head. It has keys or values of GROUP tokens at a time, and those of the next groups are on their way.
#include "prelude.cuh"
#include "early_launch.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"
#include "async_copy.cuh"
#include "attention_pages.cuh"

#define FEW 8
#define FEW_ROWS (FEW / 4)  // of a thread
#define GROUP 8
#define STAGES 4

// What it has in shared memory.
struct __align__(16) FewTiles {
  Stored groups[STAGES][GROUP * STRIDE_OF(Stored)];
  float queries[FEW * STRIDE];
  float weights[FEW * WEIGHT_STRIDE];
};

// The groups in the order in which they are needed: of every KEYS tokens all keys, then all values.
struct Groups {
  const Stored* keys;  // of the head, of the first token of all pages
  const Stored* values;
  int stride;
  int size;
  bool wide;
  Slot pages;
  int end;        // tokens
  int from;       // first of the KEYS that the next group is of
  int group;      // first of the group, counted from there
  bool ofValues;  // whether it is of values
  int place;      // of token from + lane
  int following;  // of token from + KEYS + lane

  __device__ __forceinline__ int place_at(int token) const { return pages.place(min(token, end - 1)); }

  __device__ __forceinline__ void begin(int first) {
    int lane = threadIdx.x % WARP;
    from = first;
    group = 0;
    ofValues = false;
    place = place_at(first + lane);
    following = place_at(first + KEYS + lane);
  }

  // Begins to copy the next group, if there is one.
  __device__ __forceinline__ void copy(Stored* tile) {
    if (from < end) {
      int lane = threadIdx.x % WARP;
      int present = min(KEYS, end - from);
      copy_tokens(
          tile,
          STRIDE_OF(Stored),
          ofValues ? values : keys,
          stride,
          size,
          wide,
          __shfl_sync(FULL_WARP, place, group + lane),
          min(GROUP, present - group));
      group += GROUP;
      if (group >= present) {
        group = 0;
        if (ofValues) {
          from += KEYS;
          place = following;
          following = place_at(from + KEYS + lane);
        }
        ofValues = !ofValues;
      }
    }
    commit_copies();
  }
};

// Block (row, tile of its queries, head). What does not depend on the kernel that appends, the queries, is
// read before it has ended.
extern "C" __global__ void __launch_bounds__(WARP, HEAD > 128 ? 8 : 16) attention_few(
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
  __shared__ FewTiles shared;
  let_next_kernel_begin();
  int head = blockIdx.x % heads.heads;
  int tile = blockIdx.x / heads.heads;
  int row = tile / tiles;
  int first = tile % tiles * FEW;
  int start = offsets[row];
  int length = offsets[row + 1] - start;
  int slot = slots[row];
  bool stopped = faulted(faults);
  if (stopped | first >= length) {
    await_kernels_before();  // the next kernel relies on this one's having waited
    return;
  }
  int cached = lengths[slot];
  int count = min(FEW, length - first);
  s64 token = start + first;
  load_rotated<FEW, 1>(
      shared.queries,
      count,
      qkv + token * heads.width + head * heads.queryStride,
      turns + token * heads.half,
      heads,
      heads.scale);
  int position = cached + first;
  int end = cached + (heads.causal ? first + count : length);
  Groups groups;
  groups.keys = keys + head / heads.group * heads.size;
  groups.values = values + head / heads.group * heads.size;
  groups.stride = heads.heads / heads.group * heads.size;
  groups.size = heads.size;
  groups.wide =
      heads.size % PIECE == 0 && ((u64)groups.keys | (u64)groups.values) % 16 == 0;
  groups.pages = {pageTable + (s64)slot * maxPages, pageTokens};
  groups.end = end;
  int begin = first_key(position, heads) / KEYS * KEYS;
  groups.begin(begin);
  await_kernels_before();  // the new tokens are in the cache
#pragma unroll 1
  for (int stage = 0; stage < STAGES; stage++) groups.copy(shared.groups[stage]);

  int stage = 0;
  auto await = [&]() {
    await_copies_before<STAGES - 1>();
    __syncwarp();
  };
  auto release = [&]() {
    __syncwarp();
    groups.copy(shared.groups[stage]);
    stage = (stage + 1) % STAGES;
  };
  // The thread's scores wait where their exponentials will be.
  float* own = shared.weights + THREAD_ROW(FEW_ROWS) * WEIGHT_STRIDE + THREAD_COLUMN;
  float most[FEW_ROWS];
  float total[FEW_ROWS];
  float4 sums[FEW_ROWS][PARTS];
#pragma unroll
  for (int i = 0; i < FEW_ROWS; i++) {
    most[i] = NO_SCORE;
    total[i] = 0.0f;
#pragma unroll
    for (int c = 0; c < PARTS; c++) sums[i][c] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  }
#pragma unroll 1
  for (int from = begin; from < end; from += KEYS) {
    int present = min(KEYS, end - from);
    auto hidden = [&](int i, int key) {
      return is_hidden(from + key, position + THREAD_ROW(FEW_ROWS) + 4 * i, heads);
    };
    int limits[FEW_ROWS];
    float scores[FEW_ROWS][KEYS / 8];
#pragma unroll 1
    for (int k = 0; k < present; k += GROUP) {
      float products[FEW_ROWS][1];
      await();
      multiply<16>(products, shared.queries, shared.groups[stage]);
#pragma unroll
      for (int i = 0; i < FEW_ROWS; i++) own[4 * i * WEIGHT_STRIDE + k] = products[i][0];
      release();
    }
#pragma unroll
    for (int i = 0; i < FEW_ROWS; i++) {
      int query = position + THREAD_ROW(FEW_ROWS) + 4 * i;
      limits[i] = (heads.causal ? min(query + 1, end) : end) - from;
#pragma unroll
      for (int k = 0; k < KEYS / 8; k++) {
        scores[i][k] = score_of(
            own[4 * i * WEIGHT_STRIDE + 8 * k],
            from + THREAD_COLUMN + 8 * k,
            query,
            head,
            heads);
      }
    }
    take_scores(scores, hidden, limits, most, total, sums, shared.weights);
    int whole = (heads.causal ? min(position + 1, end) : end) - from;  // all queries see keys below
#pragma unroll 1
    for (int k = 0; k < present; k += GROUP) {
      await();  // the weights too
      const float* weights = shared.weights + k;
      const Stored* tile = shared.groups[stage];
      if (k + GROUP <= whole && !is_hidden(from + k, position + FEW - 1, heads)) {
        accumulate<GROUP, WEIGHT_STRIDE>(sums, weights, tile, [](int, int) { return true; });
      } else {
        accumulate<GROUP, WEIGHT_STRIDE>(
            sums, weights, tile, [&](int i, int t) {
              return k + t < limits[i] && !hidden(i, k + t);
            });
      }
      release();
    }
  }
  store_outputs(
      out + (token * heads.heads + head) * heads.size,
      (s64)heads.heads * heads.size,
      count,
      total,
      sums,
      heads.size);
}
