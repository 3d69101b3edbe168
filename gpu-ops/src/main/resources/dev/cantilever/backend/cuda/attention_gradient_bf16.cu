// The gradient of attention of packed rows to themselves, on the tensor cores.
//
// P = exp(S - lse), dP = dO V^T, dS = P o (dP - rowsum(dO o O)) o S'; dQ = dS K, dK = dS^T Q, dV = P^T dO,
// with S' by how much a score grows with its product; dQ and dK are scaled at last. S is computed again,
// to the bits it had.
#include "prelude.cuh"
#include "attention.cuh"
#include "mma.cuh"
#include "attention_fragments.cuh"

#define TOKENS (HEAD > 128 ? 32 : 64)  // of a tile, of queries as of keys
#define BACK_WARPS (TOKENS / 8)        // two to 16 tokens, each with half of the other dimension
#define FACTOR_PITCH (TOKENS + 8)
#define LANE_QUADS ((QUADS + WARP - 1) / WARP)  // of a token that a warp reads or writes
#define STAGE_PITCH (HEAD + 4)                  // floats, of sums on their way out
#define PAIR_LOADS 3                            // tokens of which a warp reads dOut and out at once
#define STORES 4                                // tokens a warp writes at once

// dOuts as load_tile, a warp a token; logs[i] = lse of token i, deltas[i] = rowsum(dOut o out).
static __device__ __forceinline__ void load_outputs(
    u16* dOuts,
    float* logs,
    float* deltas,
    int count,
    const float* dOut,
    const float* out,
    const float* lse,
    const Heads& heads) {
  int lane = thread() % WARP;
  s64 stride = (s64)heads.heads * heads.size;
#pragma unroll 1
  for (int first = thread() / WARP; first < padded(count); first += PAIR_LOADS * BACK_WARPS) {
    float sums[PAIR_LOADS] = {};
#pragma unroll
    for (int part = 0; part < LANE_QUADS; part++) {
      int d = 4 * (part * WARP + lane);
      quad gradient[PAIR_LOADS];
      quad output[PAIR_LOADS];
#pragma unroll
      for (int b = 0; b < PAIR_LOADS; b++) {
        int i = first + b * BACK_WARPS;
        bool present = i < count && d < heads.size;
        gradient[b] = read_quad(dOut + i * stride + d, present);
        output[b] = read_quad(out + i * stride + d, present);
      }
#pragma unroll
      for (int b = 0; b < PAIR_LOADS; b++) {
        int i = first + b * BACK_WARPS;
#pragma unroll
        for (int e = 0; e < 4; e++) {
          sums[b] = __fmaf_rn(gradient[b].e[e], output[b].e[e], sums[b]);
        }
        if (i < padded(count) && d < HEAD) put_bfloats(dOuts + i * PITCH + d, gradient[b]);
      }
    }
#pragma unroll
    for (int b = 0; b < PAIR_LOADS; b++) {
      int i = first + b * BACK_WARPS;
      float sum = warp_sum(sums[b]);
      if (lane == 0 && i < count) {
        deltas[i] = sum;
        logs[i] = lse[(s64)i * heads.heads];
      }
    }
  }
}

// What a thread has of a tile: its warp's 16 tokens, and half of the other dimension.
struct Part {
  int lane;
  int row;   // the first of the tokens, queries or keys
  int half;  // 0 or 1

  __device__ __forceinline__ Part() {
    int number = thread();
    lane = number % WARP;
    row = number / WARP % (BACK_WARPS / 2) * 16;
    half = number / WARP / (BACK_WARPS / 2);
  }
};

// The warp's sums [16, HEAD / 2] into a stage of floats [TOKENS, STAGE_PITCH].
static __device__ __forceinline__ void stage(
    float* target, const float (&sums)[HEAD / 16][4], const Part& own) {
  target += (own.row + own.lane / 4) * STAGE_PITCH + own.half * (HEAD / 2) + own.lane % 4 * 2;
#pragma unroll
  for (int n = 0; n < HEAD / 16; n++) {
    *(float2*)(target + 8 * n) = make_float2(sums[n][0], sums[n][1]);
    *(float2*)(target + 8 * STAGE_PITCH + 8 * n) = make_float2(sums[n][2], sums[n][3]);
  }
}

// Writes, or adds to what is there, a stage's first `count` vectors, scaled and, of `half` dimensions
// twice, turned back. An element is always the same thread's.
static __device__ __forceinline__ void store_staged(
    float* target,
    const float* staged,
    int count,
    const float2* turns,
    int half,
    const Heads& heads,
    float scale,
    bool accumulate) {
  int lane = thread() % WARP;
#pragma unroll 1
  for (int first = thread() / WARP; first < count; first += STORES * BACK_WARPS) {
#pragma unroll
    for (int part = 0; part < LANE_QUADS; part++) {
      int d = 4 * (part * WARP + lane);
      quad present[STORES];
#pragma unroll
      for (int b = 0; b < STORES; b++) {
        int i = first + b * BACK_WARPS;
        bool read = accumulate && i < count && d < heads.size;
        present[b] = read_quad(target + (s64)i * heads.width + d, read);
      }
#pragma unroll
      for (int b = 0; b < STORES; b++) {
        int i = first + b * BACK_WARPS;
        if (i >= count || d >= heads.size) continue;
        const float* vector = staged + i * STAGE_PITCH;
        quad own = read_quad(vector + d, true);
        if (d < 2 * half) {
          turn(own, read_across(vector, d, half), d, half, turns + (s64)i * half, -1.0f);
        }
#pragma unroll
        for (int e = 0; e < 4; e++) {
          float value = __fmul_rn(scale, own.e[e]);
          own.e[e] = accumulate ? __fadd_rn(present[b].e[e], value) : value;
        }
        store_quad(target + (s64)i * heads.width, d, 4, true, own);
      }
    }
  }
}

// dQ, dK and dV. Block (row, key head): over tiles of keys; for each over the query heads of the group
// in order and over tiles of queries that see any of it: from its own on where queries see no later key.
// dK and dV are sums in registers; a tile's dQ is added to what the tiles of keys before it left in memory.
extern "C" __global__ void __launch_bounds__(BACK_WARPS * WARP, BLOCKS)
    attention_gradient_bf16(
        float* dQkv,
        const float* dOut,
        const float* qkv,
        const float* out,
        const float* lse,
        const float2* turns,
        const int* offsets,
        const Heads heads) {
  extern __shared__ float4 memory[];
  u16* queries = (u16*)memory;
  u16* dOuts = queries + TOKENS * PITCH;
  u16* keys = dOuts + TOKENS * PITCH;
  u16* values = keys + TOKENS * PITCH;
  u16* weights = values + TOKENS * PITCH;           // P [TOKENS, FACTOR_PITCH]
  u16* dScores = weights + TOKENS * FACTOR_PITCH;   // dS
  float* logs = (float*)(dScores + TOKENS * FACTOR_PITCH);
  float* deltas = logs + TOKENS;
#ifdef SCORES
  float* added = deltas + TOKENS;  // [2 TOKENS]
#endif
  float* ofQueries = (float*)queries;  // stages, where queries and dOuts, keys and values were
  float* ofKeys = (float*)keys;
  int start = offsets[blockIdx.x];
  int length = offsets[blockIdx.x + 1] - start;
  s64 token = (s64)start * heads.width;
  s64 key = token + heads.keyBase + blockIdx.y * heads.kvStride;
  s64 value = token + heads.valueBase + blockIdx.y * heads.kvStride;

  for (int firstKey = 0; firstKey < length; firstKey += TOKENS) {
    int keyCount = min(TOKENS, length - firstKey);
    s64 keyOffset = (s64)firstKey * heads.width;
    const float2* keyTurns = turns + (s64)firstKey * heads.half;
    float dKeys[HEAD / 16][4];
    float dValues[HEAD / 16][4];
    clear(dKeys);
    clear(dValues);
    __syncthreads();  // the stages before have been written out
    load_tile<BACK_WARPS * WARP, false>(
        keys,
        keyCount,
        qkv + key + keyOffset,
        heads.width,
        heads.size,
        keyTurns,
        heads.half);
    load_tile<BACK_WARPS * WARP, false>(
        values, keyCount, qkv + value + keyOffset, heads.width, heads.size, nullptr, 0);
    int end = end_of_queries(firstKey + keyCount - 1, length, heads);
    for (int head = blockIdx.y * heads.group; head < (blockIdx.y + 1) * heads.group; head++) {
      for (int from = heads.causal ? firstKey : 0; from < end; from += TOKENS) {
        int count = min(TOKENS, length - from);
        s64 query = token + (s64)from * heads.width + head * heads.queryStride;
        s64 scalar = (s64)(start + from) * heads.heads + head;
        const float2* queryTurns = turns + (s64)from * heads.half;
        __syncthreads();  // the stage before has been written out
        load_tile<BACK_WARPS * WARP, false>(
            queries, count, qkv + query, heads.width, heads.size, queryTurns, heads.half);
        load_outputs(
            dOuts,
            logs,
            deltas,
            count,
            dOut + scalar * heads.size,
            out + scalar * heads.size,
            lse + scalar,
            heads);
#ifdef SCORES
        load_added<BACK_WARPS * WARP, TOKENS, TOKENS>(added, firstKey - from, head, heads);
#endif
        __syncthreads();
        // Between a query and a key, of their places in the tiles: key <= query + ahead is seen.
        int ahead = heads.causal ? from - firstKey : TOKENS;
        Part scored;
        if (scored.row < count) {
          int firstOwn = scored.half * (TOKENS / 2);
          int visible = min(keyCount, scored.row + 16 + ahead) - firstOwn;
          float scores[TOKENS / 16][4];
          float dWeights[TOKENS / 16][4];
          multiply(scores, queries, scored.row, keys, firstOwn, visible, scored.lane);
          multiply(dWeights, dOuts, scored.row, values, firstOwn, visible, scored.lane);
#pragma unroll
          for (int h = 0; h < 2; h++) {
            int q = scored.row + scored.lane / 4 + 8 * h;
            int limit = q < count ? min(keyCount, q + 1 + ahead) : 0;
            float log = q < count ? logs[q] : 0.0f;
            float delta = q < count ? deltas[q] : 0.0f;
#pragma unroll
            for (int n = 0; n < TOKENS / 16; n++) {
              int k = firstOwn + 8 * n + scored.lane % 4 * 2;
              float p[2];
              float dS[2];
#pragma unroll
              for (int e = 0; e < 2; e++) {
                bool seen = k + e < limit && !is_hidden(firstKey + k + e, from + q, heads);
                float growth = 1.0f;
                float score = __fmul_rn(scores[n][2 * h + e], heads.scale);
                score = tile_score_of(score, added, k + e - q + TOKENS - 1, heads, growth);
                p[e] = seen ? exp2f((score - log) * LOG2_E) : 0.0f;
                dS[e] = seen ? p[e] * (dWeights[n][2 * h + e] - delta) * growth : 0.0f;
              }
              *(u32*)(weights + q * FACTOR_PITCH + k) = pack_bfloats(p[0], p[1]);
              *(u32*)(dScores + q * FACTOR_PITCH + k) = pack_bfloats(dS[0], dS[1]);
            }
          }
        }
        __syncthreads();
        Part own;
        u32 a[4];
        if (own.row < keyCount) {
          for (int q = max(0, (own.row - ahead) / 16 * 16); q < count; q += 16) {
            load_transposed(a, matrices_at(weights, FACTOR_PITCH, q, own.row, true, own.lane));
            add_tokens(dValues, a, dOuts, q, own.half * (HEAD / 2), own.lane);
            load_transposed(a, matrices_at(dScores, FACTOR_PITCH, q, own.row, true, own.lane));
            add_tokens(dKeys, a, queries, q, own.half * (HEAD / 2), own.lane);
          }
        }
        float dQueries[HEAD / 16][4];
        clear(dQueries);
        if (own.row < count) {
          for (int k = 0; k < keyCount && k <= own.row + 15 + ahead; k += 16) {
            load_matrices(a, matrices_at(dScores, FACTOR_PITCH, own.row, k, false, own.lane));
            add_tokens(dQueries, a, keys, k, own.half * (HEAD / 2), own.lane);
          }
        }
        __syncthreads();  // queries and dOuts have been used
        if (own.row < count) stage(ofQueries, dQueries, own);
        __syncthreads();
        store_staged(
            dQkv + query,
            ofQueries,
            count,
            queryTurns,
            heads.half,
            heads,
            heads.scale,
            firstKey > first_key(from, heads) / TOKENS * TOKENS);
      }
    }
    __syncthreads();  // the stage before has been written out
    Part own;
    if (own.row < keyCount) {
      stage(ofQueries, dKeys, own);
      stage(ofKeys, dValues, own);
    }
    __syncthreads();
    store_staged(
        dQkv + key + keyOffset,
        ofQueries,
        keyCount,
        keyTurns,
        heads.half,
        heads,
        heads.scale,
        false);
    store_staged(
        dQkv + value + keyOffset, ofKeys, keyCount, nullptr, 0, heads, 1.0f, false);
  }
}
