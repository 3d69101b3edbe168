// Disentangled attention of packed rows to themselves in fp32 (He et al. 2021): beside queries by keys,
// queries by the keys of relative positions and keys by their queries.
#include "prelude.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"

// Queries of a block, and the rows of them a thread has.
#define TILE 32
#define ROWS (TILE / 16)

// Distances of a tile of queries from a tile of keys: TILE + KEYS - 1, and one that nobody has.
#define DISTANCES (TILE + KEYS)

// Where heads lie in a row of positions; a term whose column is below zero is not there.
struct Positions {
  const float* rows;
  const int* places;  // of the distances from -farthest to farthest
  int width;
  int keys;
  int queries;
  int farthest;
};

// Continues each of the thread's scores by the product of the vector of its query, or its key, with that
// of their distance, dimensions ascending. Vector j of `distances` is that of a query j - (KEYS - 1) behind
// the key, both counted in their tiles.
template <bool OF_QUERY>
static __device__ __forceinline__ void add_distances(
    float (&scores)[ROWS][KEYS / 8], const float* vectors, const float* distances) {
  vectors += (OF_QUERY ? THREAD_ROW(ROWS) : THREAD_COLUMN) * STRIDE;
  distances += (THREAD_ROW(ROWS) - THREAD_COLUMN + KEYS - 1) * STRIDE;
#pragma unroll 1
  for (int d = 0; d < HEAD; d += 4) {
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
#pragma unroll
      for (int k = 0; k < KEYS / 8; k++) {
        float4 own = four(vectors + (OF_QUERY ? 4 * i : 8 * k) * STRIDE + d);
        float4 other = four(distances + (4 * i - 8 * k) * STRIDE + d);
        scores[i][k] = add_dot(scores[i][k], own, other);
      }
    }
  }
}

// Loads the vectors of the distances of queries from `first` on from keys from `from` on.
static __device__ __forceinline__ void load_distances(
    float* distances, const Positions& positions, int column, int first, int from, int size) {
  const float* vectors = positions.rows + column;
  load_tile<DISTANCES>(distances, DISTANCES, size, [&](int j) {
    int distance = first - from + j - (KEYS - 1);
    int near = min(max(distance, -positions.farthest), positions.farthest);
    return vectors + (s64)positions.places[near + positions.farthest] * positions.width;
  });
}

// Block (row and tile of its queries, head). A score is one chain: the query's dimensions by the key's, by
// the position's key, and the key's by the position's query; then it is scaled. The rest is as in `attend`.
extern "C" __global__ void __launch_bounds__(THREADS) disentangled_attention(
    float* out,
    const float* qkv,
    const int* offsets,
    int tiles,
    int heads,
    int size,
    float scale,
    const Positions positions,
    const u64* faults) {
  extern __shared__ float4 memory[];
  if (faulted(faults)) return;
  float* queries = (float*)memory;
  float* tile = queries + TILE * STRIDE;
  float* distances = tile + KEYS * STRIDE;
  float* weights = distances + DISTANCES * STRIDE;
  int start = offsets[blockIdx.x / tiles];
  int length = offsets[blockIdx.x / tiles + 1] - start;
  int first = blockIdx.x % tiles * TILE;
  if (first >= length) return;
  int count = min(TILE, length - first);
  int column = blockIdx.y * size;
  int width = 3 * heads * size;
  const float* query = qkv + (s64)start * width + column;
  const float* key = query + heads * size;
  const float* value = key + heads * size;
  load_tile<TILE>(queries, count, size, [&](int i) { return query + (s64)(first + i) * width; });
  float most[ROWS];
  float total[ROWS];
  float4 sums[ROWS][PARTS];
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    most[i] = NO_SCORE;
    total[i] = 0.0f;
#pragma unroll
    for (int c = 0; c < PARTS; c++) sums[i][c] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  }
  for (int from = 0; from < length; from += KEYS) {
    int present = min(KEYS, length - from);
    __syncthreads();  // the tiles before have been used
    load_tile<KEYS>(tile, present, size, [&](int i) { return key + (s64)(from + i) * width; });
    if (positions.keys >= 0) {
      load_distances(distances, positions, positions.keys + column, first, from, size);
    }
    __syncthreads();
    float scores[ROWS][KEYS / 8];
    multiply(scores, queries, tile);
    if (positions.keys >= 0) add_distances<true>(scores, queries, distances);
    if (positions.queries >= 0) {
      __syncthreads();  // the keys of positions have been used
      load_distances(distances, positions, positions.queries + column, first, from, size);
      __syncthreads();
      add_distances<false>(scores, tile, distances);
    }
    int limits[ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
      limits[i] = present;
#pragma unroll
      for (int k = 0; k < KEYS / 8; k++) scores[i][k] = __fmul_rn(scores[i][k], scale);
    }
    take_scores(scores, [](int, int) { return false; }, limits, most, total, sums, weights);
    __syncthreads();
    load_tile<KEYS>(tile, present, size, [&](int i) { return value + (s64)(from + i) * width; });
    __syncthreads();
    accumulate<KEYS>(sums, weights, tile, [&](int, int t) { return t < present; });
  }
  store_outputs(
      out + (s64)(start + first) * heads * size + column,
      (s64)heads * size,
      count,
      total,
      sums,
      size);
}
