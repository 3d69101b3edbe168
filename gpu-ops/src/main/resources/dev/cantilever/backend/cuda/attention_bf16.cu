// Attention of packed rows to themselves on the tensor cores, forward (Milakov and Gimelshein 2018:
// softmax with a running maximum).
#include "prelude.cuh"
#include "attention.cuh"
#include "mma.cuh"
#include "attention_fragments.cuh"

#define NOT_FINITE __int_as_float(0x7fffffff)

#define QUERY_WARPS (HEAD > 128 ? 4 : 8)  // of a block, 16 queries each
#define QUERIES (16 * QUERY_WARPS)
#define KEYS (HEAD > 128 ? 32 : 64)  // that one step of the softmax takes

// Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(QUERY_WARPS * WARP, BLOCKS) attention_bf16(
    float* out,
    float* lse,
    const float* qkv,
    const float2* turns,
    const int* offsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  u16* queries = (u16*)memory;
  u16* keys = queries + QUERIES * PITCH;
  u16* values = keys + KEYS * PITCH;
  float* poison = (float*)(values + KEYS * PITCH);
#ifdef SCORES
  float* added = poison + KEYS;  // [QUERIES + KEYS]
#endif
  int start = offsets[blockIdx.x / tiles];
  int length = offsets[blockIdx.x / tiles + 1] - start;
  int first = blockIdx.x % tiles * QUERIES;
  if (first >= length) return;
  int count = min(QUERIES, length - first);
  int end = heads.causal ? first + count : length;
  int head = blockIdx.y;
  const float* row = qkv + (s64)start * heads.width;
  const float* key = row + heads.keyBase + head / heads.group * heads.kvStride;
  const float* value = row + heads.valueBase + head / heads.group * heads.kvStride;
  load_tile<QUERY_WARPS * WARP, false>(
      queries,
      count,
      row + (s64)first * heads.width + head * heads.queryStride,
      heads.width,
      heads.size,
      turns + (s64)first * heads.half,
      heads.half);

  int warpRow = threadIdx.x / WARP * 16;
  int lane = threadIdx.x % WARP;
  int group = lane / 4;
  int column = lane % 4 * 2;
  float most[2] = {NO_SCORE, NO_SCORE};  // of queries warpRow + group and 8 further
  float total[2] = {};                   // of the lane's keys
  float sums[HEAD / 8][4];
  clear(sums);
  for (int from = first_key(first, heads) / KEYS * KEYS; from < end; from += KEYS) {
    int present = min(KEYS, end - from);
    if (from > 0) __syncthreads();  // the tiles before have been used
    load_tile<QUERY_WARPS * WARP, false>(
        keys,
        present,
        key + (s64)from * heads.width,
        heads.width,
        heads.size,
        turns + (s64)from * heads.half,
        heads.half);
#ifdef SCORES
    load_added<QUERY_WARPS * WARP, QUERIES, KEYS>(added, from - first, head, heads);
#endif
    const float* ofValues = value + (s64)from * heads.width;
    bool bad = load_tile<QUERY_WARPS * WARP, true>(
        values, present, ofValues, heads.width, heads.size, nullptr, 0);
    // A weight of zero times a value that is not finite would reach queries that do not see it. Such a
    // value is zero in the tile, and NaN is added to the scores of its key.
    bool poisoned = __syncthreads_or(bad);
    if (poisoned) {
      for (int i = threadIdx.x; i < present; i += QUERY_WARPS * WARP) {
        bool good = true;
        for (int d = 0; d < heads.size; d += 4) {
          good &= finite(read_quad(ofValues + (s64)i * heads.width + d, true));
        }
        poison[i] = good ? 0.0f : NOT_FINITE;
      }
      __syncthreads();
    }
    // Keys of the tile that any query of the warp sees.
    int visible = heads.causal ? min(present, first + warpRow + 16 - from) : present;
    if (warpRow >= count || visible <= 0) continue;
    if (is_hidden(from + KEYS - 1, first + warpRow, heads)) continue;
    float scores[KEYS / 8][4];
    multiply(scores, queries, warpRow, keys, 0, visible, lane);
    float shrink[2];
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int query = first + warpRow + group + 8 * h;
      int limit = (heads.causal ? min(query + 1, end) : end) - from;
      int visibleFrom = first_key(query, heads) - from;
      float best = most[h];
#pragma unroll
      for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
        for (int e = 0; e < 2; e++) {
          int k = 8 * n + column + e;
          float score = scores[n][2 * h + e];
          score = __fmul_rn(score, heads.scale);
          score = tile_score_of(score, added, k - (query - first) + QUERIES - 1, heads);
          if (poisoned) score += poison[k];
          if (k >= limit || is_before(k, visibleFrom)) score = NO_SCORE;
          scores[n][2 * h + e] = score;
          best = fmaxf(best, score);
        }
      }
      best = fmaxf(best, __shfl_xor_sync(FULL_WARP, best, 1));
      best = fmaxf(best, __shfl_xor_sync(FULL_WARP, best, 2));
      float anchor = anchor_of(best);
      shrink[h] = exp2f((most[h] - anchor) * LOG2_E);
      most[h] = best;
      float sum = 0.0f;
#pragma unroll
      for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
        for (int e = 0; e < 2; e++) {
          float weight = exp2f((scores[n][2 * h + e] - anchor) * LOG2_E);
          scores[n][2 * h + e] = weight;
          sum += weight;
        }
      }
      total[h] = __fmaf_rn(total[h], shrink[h], sum);
    }
#pragma unroll
    for (int n = 0; n < HEAD / 8; n++) {
#pragma unroll
      for (int e = 0; e < 4; e++) sums[n][e] = __fmul_rn(sums[n][e], shrink[e / 2]);
    }
#pragma unroll
    for (int k = 0; k < KEYS; k += 16) {
      if (k < visible) {
        int n = k / 8;
        u32 weights[4] = {
            pack_bfloats(scores[n][0], scores[n][1]),
            pack_bfloats(scores[n][2], scores[n][3]),
            pack_bfloats(scores[n + 1][0], scores[n + 1][1]),
            pack_bfloats(scores[n + 1][2], scores[n + 1][3])};
        add_tokens(sums, weights, values, k, 0, lane);
      }
    }
  }
#pragma unroll
  for (int h = 0; h < 2; h++) {
    float sum = total[h];
    sum += __shfl_xor_sync(FULL_WARP, sum, 1);
    sum += __shfl_xor_sync(FULL_WARP, sum, 2);
    int query = warpRow + group + 8 * h;
    if (query >= count) continue;
    s64 token = (s64)(start + first + query) * heads.heads + head;
    if (column == 0) lse[token] = most[h] + logf(sum);
    float* target = out + token * heads.size;
#pragma unroll
    for (int n = 0; n < HEAD / 8; n++) {
      int d = 8 * n + column;
      float low = __fdiv_rn(sums[n][2 * h], sum);
      float high = __fdiv_rn(sums[n][2 * h + 1], sum);
      if (d < heads.size) *(float2*)(target + d) = make_float2(low, high);
    }
  }
}
