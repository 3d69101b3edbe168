// Attention of packed rows to other rows in fp32: forward, and the gradients of queries, keys and values.
// `Heads` says how queries lie in a token, and how keys and values do in one of `keysValues`; nothing is
// rotated, and every query of a row sees every key of it.
#include "prelude.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"
#include "attention_gradient.cuh"

// The keys and values of one key head in a row.
struct KeyRow {
  const float* keys;
  const float* values;
  int stride;
  int count;

  __device__ __forceinline__ KeyRow(
      const float* keysValues, const int* keyOffsets, int row, int keyHead, const Heads& heads) {
    int start = keyOffsets[row];
    count = keyOffsets[row + 1] - start;
    stride = 2 * heads.valueBase;  // all keys, then all values
    keys = keysValues + (s64)start * stride + heads.keyBase + keyHead * heads.kvStride;
    values = keys + heads.valueBase;
  }

  template <int COUNT>
  __device__ __forceinline__ void load_keys(float* tile, int from, int present, int size) const {
    load_tile<COUNT>(tile, present, size, [&](int i) { return keys + (s64)(from + i) * stride; });
  }

  template <int COUNT>
  __device__ __forceinline__ void load_values(float* tile, int from, int present, int size) const {
    load_tile<COUNT>(tile, present, size, [&](int i) { return values + (s64)(from + i) * stride; });
  }
};

// Queries of a head, scaled: none of their dimensions is turned.
template <int COUNT>
static __device__ __forceinline__ void load_queries(
    float* tile, int count, const float* source, const Heads& heads) {
  load_rotated<COUNT>(tile, count, source, nullptr, heads, heads.scale);
}

// Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(THREADS, 3) cross_attention(
    float* out,
    float* lse,
    const float* queries,
    const float* keysValues,
    const int* offsets,
    const int* keyOffsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* shared = (float*)memory;
  int row = blockIdx.x / tiles;
  int start = offsets[row];
  int length = offsets[row + 1] - start;
  int first = blockIdx.x % tiles * QUERIES;
  if (first >= length) return;
  int count = min(QUERIES, length - first);
  int head = blockIdx.y;
  KeyRow seen(keysValues, keyOffsets, row, head / heads.group, heads);
  s64 token = start + first;
  s64 output = (token * heads.heads + head) * heads.size;
  load_queries<QUERIES>(
      shared, count, queries + token * heads.width + head * heads.queryStride, heads);
  attend(
      out + output,
      (s64)heads.heads * heads.size,
      lse + token * heads.heads + head,
      heads.heads,
      shared,
      count,
      0,
      seen.count,
      head,
      heads,
      [&](float* tile, int from, int present) {
        seen.load_keys<KEYS>(tile, from, present, heads.size);
      },
      [&](float* tile, int from, int present) {
        seen.load_values<KEYS>(tile, from, present, heads.size);
      });
}

// dQ, and delta [N, H] = rowsum(dO o O). Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(THREADS, 3) cross_query_gradient(
    float* dQueries,
    float* delta,
    const float* dOut,
    const float* queries,
    const float* keysValues,
    const float* out,
    const float* lse,
    const int* offsets,
    const int* keyOffsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* ownQueries = (float*)memory;
  float* dOuts = ownQueries + TOKENS * STRIDE;
  float* keys = dOuts + TOKENS * STRIDE;
  float* values = keys + TOKENS * STRIDE;
  float* dScores = values + TOKENS * STRIDE;  // [TOKENS, FACTOR_STRIDE]
  int row = blockIdx.x / tiles;
  int start = offsets[row];
  int length = offsets[row + 1] - start;
  int first = blockIdx.x % tiles * TOKENS;
  if (first >= length) return;
  int count = min(TOKENS, length - first);
  int head = blockIdx.y;
  KeyRow seen(keysValues, keyOffsets, row, head / heads.group, heads);
  s64 token = start + first;
  s64 query = token * heads.width + head * heads.queryStride;
  s64 outStride = (s64)heads.heads * heads.size;
  s64 output = token * outStride + head * heads.size;
  s64 scalar = token * heads.heads + head;
  load_queries<TOKENS>(ownQueries, count, queries + query, heads);
  load_tile<TOKENS>(dOuts, count, heads.size, [&](int i) { return dOut + output + i * outStride; });
  __syncthreads();

  int own = THREAD_ROW(TOKEN_ROWS);
  float logs[TOKEN_ROWS];
  float deltas[TOKEN_ROWS];
  own_sums(logs, deltas, delta, lse, scalar, out, output, outStride, dOuts, count, heads);

  float4 sums[TOKEN_ROWS][PARTS];
  clear(sums);
  for (int from = 0; from < seen.count; from += TOKENS) {
    int present = min(TOKENS, seen.count - from);
    __syncthreads();  // the tiles before have been used
    seen.load_keys<TOKENS>(keys, from, present, heads.size);
    seen.load_values<TOKENS>(values, from, present, heads.size);
    __syncthreads();
    float scores[TOKEN_ROWS][TOKEN_COLUMNS];
    float dWeights[TOKEN_ROWS][TOKEN_COLUMNS];
    multiply(scores, ownQueries, keys);
    multiply(dWeights, dOuts, values);
#pragma unroll
    for (int i = 0; i < TOKEN_ROWS; i++) {
#pragma unroll
      for (int k = 0; k < TOKEN_COLUMNS; k++) {
        int s = THREAD_COLUMN + 8 * k;
        dScores[(own + 4 * i) * FACTOR_STRIDE + s] =
            s < present ? expf(scores[i][k] - logs[i]) * (dWeights[i][k] - deltas[i]) : 0.0f;
      }
    }
    __syncwarp();
    accumulate<TOKENS>(sums, dScores, keys, [](int, int) { return true; });
  }
  gather(ownQueries, sums);
  store_tile(dQueries + query, heads.width, ownQueries, count, heads.size, heads.scale);
}

// dK and dV, after dQ. Block (row and tile of its keys, key head): over the query heads of the group in
// order, over all queries of the row.
extern "C" __global__ void __launch_bounds__(THREADS, HEAD > 128 ? 2 : 3) cross_key_gradient(
    float* dKeysValues,
    const float* delta,
    const float* dOut,
    const float* queries,
    const float* keysValues,
    const float* lse,
    const int* offsets,
    const int* keyOffsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* keys = (float*)memory;
  float* values = keys + TOKENS * STRIDE;
  float* tile = values + TOKENS * STRIDE;  // of queries
  float* dOuts = tile + TOKENS * STRIDE;
  float* weights = dOuts + TOKENS * STRIDE;  // [TOKENS, FACTOR_STRIDE]
  float* dScores = weights + TOKENS * FACTOR_STRIDE;
  int row = blockIdx.x / tiles;
  int first = blockIdx.x % tiles * TOKENS;
  KeyRow rowKeys(keysValues, keyOffsets, row, blockIdx.y, heads);
  if (first >= rowKeys.count) return;
  int count = min(TOKENS, rowKeys.count - first);
  int start = offsets[row];
  int length = offsets[row + 1] - start;
  s64 outStride = (s64)heads.heads * heads.size;
  rowKeys.load_keys<TOKENS>(keys, first, count, heads.size);
  rowKeys.load_values<TOKENS>(values, first, count, heads.size);

  int own = THREAD_ROW(TOKEN_ROWS);
  float4 dKeys[TOKEN_ROWS][PARTS];
  float4 dValues[TOKEN_ROWS][PARTS];
  clear(dKeys);
  clear(dValues);
  auto everything = [](int, int) { return true; };
  for (int head = blockIdx.y * heads.group; head < (blockIdx.y + 1) * heads.group; head++) {
    for (int from = 0; from < length; from += TOKENS) {
      int present = min(TOKENS, length - from);
      s64 token = start + from;
      __syncthreads();  // the tiles before have been used
      load_queries<TOKENS>(
          tile, present, queries + token * heads.width + head * heads.queryStride, heads);
      load_tile<TOKENS>(dOuts, present, heads.size, [&](int i) {
        return dOut + (token + i) * outStride + head * heads.size;
      });
      __syncthreads();
      float scores[TOKEN_ROWS][TOKEN_COLUMNS];
      float dWeights[TOKEN_ROWS][TOKEN_COLUMNS];
      multiply(scores, keys, tile);
      multiply(dWeights, values, dOuts);
#pragma unroll
      for (int k = 0; k < TOKEN_COLUMNS; k++) {
        int t = THREAD_COLUMN + 8 * k;
        s64 scalar = (token + min(t, present - 1)) * heads.heads + head;
        float log = lse[scalar];
        float sum = delta[scalar];
#pragma unroll
        for (int i = 0; i < TOKEN_ROWS; i++) {
          int at = (own + 4 * i) * FACTOR_STRIDE + t;
          float weight = t < present ? expf(scores[i][k] - log) : 0.0f;
          weights[at] = weight;
          dScores[at] = t < present ? weight * (dWeights[i][k] - sum) : 0.0f;
        }
      }
      __syncwarp();
      accumulate<TOKENS>(dValues, weights, dOuts, everything);
      accumulate<TOKENS>(dKeys, dScores, tile, everything);
    }
  }
  gather(keys, dKeys);
  gather(values, dValues);
  float* target = dKeysValues + (rowKeys.keys - keysValues) + (s64)first * rowKeys.stride;
  store_tile(target, rowKeys.stride, keys, count, heads.size, 1.0f);
  store_tile(target + heads.valueBase, rowKeys.stride, values, count, heads.size, 1.0f);
}
