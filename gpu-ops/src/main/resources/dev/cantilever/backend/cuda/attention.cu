// Attention of packed rows to themselves in fp32: forward, and the gradient of the projection. `turns`
// [positions, half] are those of rotary.cu.
#include "prelude.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"
#include "attention_gradient.cuh"

// Blocks of a multiprocessor, at least: what is done to scores takes registers too.
#ifdef SCORES
#define BLOCKS 2
#else
#define BLOCKS 3
#endif

// Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) attention(
    float* out,
    float* lse,
    const float* qkv,
    const float2* turns,
    const int* offsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* shared = (float*)memory;
  int start = offsets[blockIdx.x / tiles];
  int length = offsets[blockIdx.x / tiles + 1] - start;
  int first = blockIdx.x % tiles * QUERIES;
  if (first >= length) return;
  int count = min(QUERIES, length - first);
  int head = blockIdx.y;
  const float* row = qkv + (s64)start * heads.width;
  load_rotated<QUERIES>(
      shared,
      count,
      row + (s64)first * heads.width + head * heads.queryStride,
      turns + (s64)first * heads.half,
      heads,
      heads.scale);
  const float* key = row + heads.keyBase + head / heads.group * heads.kvStride;
  const float* value = row + heads.valueBase + head / heads.group * heads.kvStride;
  s64 token = start + first;
  attend(
      out + (token * heads.heads + head) * heads.size,
      (s64)heads.heads * heads.size,
      lse + token * heads.heads + head,
      heads.heads,
      shared,
      count,
      first,
      heads.causal ? first + count : length,
      head,
      heads,
      [&](float* tile, int from, int present) {
        load_rotated<KEYS>(
            tile,
            present,
            key + (s64)from * heads.width,
            turns + (s64)from * heads.half,
            heads,
            1.0f);
      },
      [&](float* tile, int from, int present) {
        load_tile<KEYS>(tile, present, heads.size, [&](int i) {
          return value + (s64)(from + i) * heads.width;
        });
      });
}

// ---- backward, see attention_gradient.cuh -----------------------------------------------------

// Writes a tile's first `count` vectors, `width` apart, turned back and scaled.
static __device__ __forceinline__ void store_unrotated(
    float* target,
    const float* tile,
    int count,
    const float2* turns,
    const Heads& heads,
    float scale) {
  for (int i = threadIdx.x / WARP; i < count; i += WARPS) {
    for (int d = threadIdx.x % WARP; d < heads.size; d += WARP) {
      target[(s64)i * heads.width + d] =
          scale * rotated(tile + i * STRIDE, d, heads.half, turns + (s64)i * heads.half, -1.0f);
    }
  }
}

// dQ, and delta [N, H] = rowsum(dO o O). Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) attention_query_gradient(
    float* dQkv,
    float* delta,
    const float* dOut,
    const float* qkv,
    const float* out,
    const float* lse,
    const float2* turns,
    const int* offsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* queries = (float*)memory;
  float* dOuts = queries + TOKENS * STRIDE;
  float* keys = dOuts + TOKENS * STRIDE;
  float* values = keys + TOKENS * STRIDE;
  float* dScores = values + TOKENS * STRIDE;  // [TOKENS, FACTOR_STRIDE]
  int start = offsets[blockIdx.x / tiles];
  int length = offsets[blockIdx.x / tiles + 1] - start;
  int first = blockIdx.x % tiles * TOKENS;
  if (first >= length) return;
  int count = min(TOKENS, length - first);
  int head = blockIdx.y;
  const float* row = qkv + (s64)start * heads.width;
  s64 query = (s64)first * heads.width + head * heads.queryStride;
  const float* key = row + heads.keyBase + head / heads.group * heads.kvStride;
  const float* value = row + heads.valueBase + head / heads.group * heads.kvStride;
  s64 outStride = (s64)heads.heads * heads.size;
  s64 output = (s64)(start + first) * outStride + head * heads.size;
  s64 scalar = (s64)(start + first) * heads.heads + head;
  const float2* ownTurns = turns + (s64)first * heads.half;
  load_rotated<TOKENS>(queries, count, row + query, ownTurns, heads, heads.scale);
  load_tile<TOKENS>(dOuts, count, heads.size, [&](int i) { return dOut + output + i * outStride; });
  __syncthreads();

  int own = THREAD_ROW(TOKEN_ROWS);
  float logs[TOKEN_ROWS];
  float deltas[TOKEN_ROWS];
  own_sums(logs, deltas, delta, lse, scalar, out, output, outStride, dOuts, count, heads);

  float4 sums[TOKEN_ROWS][PARTS];
  clear(sums);
  auto everything = [](int, int) { return true; };
  int end = heads.causal ? first + count : length;
  for (int from = first_key(first, heads) / TOKENS * TOKENS; from < end; from += TOKENS) {
    int present = min(TOKENS, end - from);
    __syncthreads();  // the tiles before have been used
    load_rotated<TOKENS>(
        keys, present, key + (s64)from * heads.width, turns + (s64)from * heads.half, heads, 1.0f);
    load_tile<TOKENS>(values, present, heads.size, [&](int i) {
      return value + (s64)(from + i) * heads.width;
    });
    __syncthreads();
    float scores[TOKEN_ROWS][TOKEN_COLUMNS];
    float dWeights[TOKEN_ROWS][TOKEN_COLUMNS];
    multiply(scores, queries, keys);
    multiply(dWeights, dOuts, values);
#pragma unroll
    for (int i = 0; i < TOKEN_ROWS; i++) {
      int t = own + 4 * i;
      int limit = heads.causal ? min(first + t + 1, end) : end;
#pragma unroll
      for (int k = 0; k < TOKEN_COLUMNS; k++) {
        int s = THREAD_COLUMN + 8 * k;
        bool seen = from + s < limit && !is_hidden(from + s, first + t, heads);
        float growth = 1.0f;
        float score = score_of(scores[i][k], from + s, first + t, head, heads, growth);
        dScores[t * FACTOR_STRIDE + s] =
            seen ? expf(score - logs[i]) * (dWeights[i][k] - deltas[i]) * growth : 0.0f;
      }
    }
    __syncwarp();
    accumulate<TOKENS>(sums, dScores, keys, everything);
  }
  gather(queries, sums);
  store_unrotated(
      dQkv + (s64)start * heads.width + query, queries, count, ownTurns, heads, heads.scale);
}

// dK and dV, after dQ. Block (row and tile of its keys, key head): over the query heads of the group
// in order, over queries from the tile's own on as far as one sees it.
extern "C" __global__ void __launch_bounds__(THREADS, HEAD > 128 ? 2 : BLOCKS) attention_key_gradient(
    float* dQkv,
    const float* delta,
    const float* dOut,
    const float* qkv,
    const float* lse,
    const float2* turns,
    const int* offsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* keys = (float*)memory;
  float* values = keys + TOKENS * STRIDE;
  float* queries = values + TOKENS * STRIDE;
  float* dOuts = queries + TOKENS * STRIDE;
  float* weights = dOuts + TOKENS * STRIDE;  // [TOKENS, FACTOR_STRIDE]
  float* dScores = weights + TOKENS * FACTOR_STRIDE;
  int start = offsets[blockIdx.x / tiles];
  int length = offsets[blockIdx.x / tiles + 1] - start;
  int first = blockIdx.x % tiles * TOKENS;
  if (first >= length) return;
  int count = min(TOKENS, length - first);
  const float* row = qkv + (s64)start * heads.width;
  s64 key = (s64)first * heads.width + heads.keyBase + blockIdx.y * heads.kvStride;
  s64 value = (s64)first * heads.width + heads.valueBase + blockIdx.y * heads.kvStride;
  s64 outStride = (s64)heads.heads * heads.size;
  const float2* ownTurns = turns + (s64)first * heads.half;
  load_rotated<TOKENS>(keys, count, row + key, ownTurns, heads, 1.0f);
  load_tile<TOKENS>(values, count, heads.size, [&](int i) {
    return row + value + (s64)i * heads.width;
  });

  int own = THREAD_ROW(TOKEN_ROWS);
  float4 dKeys[TOKEN_ROWS][PARTS];
  float4 dValues[TOKEN_ROWS][PARTS];
  clear(dKeys);
  clear(dValues);
  auto everything = [](int, int) { return true; };
  int end = end_of_queries(first + count - 1, length, heads);
  for (int head = blockIdx.y * heads.group; head < (blockIdx.y + 1) * heads.group; head++) {
    for (int from = heads.causal ? first : 0; from < end; from += TOKENS) {
      int present = min(TOKENS, length - from);
      s64 token = start + from;
      __syncthreads();  // the tiles before have been used
      load_rotated<TOKENS>(
          queries,
          present,
          row + (s64)from * heads.width + head * heads.queryStride,
          turns + (s64)from * heads.half,
          heads,
          heads.scale);
      load_tile<TOKENS>(dOuts, present, heads.size, [&](int i) {
        return dOut + (token + i) * outStride + head * heads.size;
      });
      __syncthreads();
      float scores[TOKEN_ROWS][TOKEN_COLUMNS];
      float dWeights[TOKEN_ROWS][TOKEN_COLUMNS];
      multiply(scores, keys, queries);
      multiply(dWeights, values, dOuts);
#pragma unroll
      for (int k = 0; k < TOKEN_COLUMNS; k++) {
        int t = THREAD_COLUMN + 8 * k;
        s64 scalar = (token + min(t, present - 1)) * heads.heads + head;
        float log = lse[scalar];
        float sum = delta[scalar];
#pragma unroll
        for (int i = 0; i < TOKEN_ROWS; i++) {
          int s = own + 4 * i;
          bool seen = t < present && (!heads.causal || first + s <= from + t) &&
                      !is_hidden(first + s, from + t, heads);
          float growth = 1.0f;
          float weight =
              seen ? expf(score_of(scores[i][k], first + s, from + t, head, heads, growth) - log)
                   : 0.0f;
          weights[s * FACTOR_STRIDE + t] = weight;
          dScores[s * FACTOR_STRIDE + t] = seen ? weight * (dWeights[i][k] - sum) * growth : 0.0f;
        }
      }
      __syncwarp();
      accumulate<TOKENS>(dValues, weights, dOuts, everything);
      accumulate<TOKENS>(dKeys, dScores, queries, everything);
    }
  }
  gather(keys, dKeys);
  gather(values, dValues);
  float* target = dQkv + (s64)start * heads.width;
  store_unrotated(target + key, keys, count, ownTurns, heads, 1.0f);
  for (int i = threadIdx.x / WARP; i < count; i += WARPS) {
    for (int d = threadIdx.x % WARP; d < heads.size; d += WARP) {
      target[value + (s64)i * heads.width + d] = values[i * STRIDE + d];
    }
  }
}
