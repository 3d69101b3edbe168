// The gradient of an output head, added to tokens after tokens. An element is one chain of fused
// multiply-adds in ascending order of the tokens that begins with what is there, so its bits do not
// depend on how many tokens come in one call.
#include "prelude.cuh"

#define TILE 64     // entries and hidden elements of a block
#define TOKENS 16   // staged at once
#define THREADS 256
#define SIDE 4      // a thread has SIDE entries by SIDE hidden elements
#define STAGED (TOKENS * TILE / THREADS)

// Stages tokens [from, from + TOKENS) of TILE columns of a matrix [tokens, columns], from `first` on;
// zeros where there are none.
static __device__ __forceinline__ void stage(
    float (*staged)[TILE], const float* matrix, int from, int tokens, int first, int columns) {
  int column = first + threadIdx.x % TILE;
#pragma unroll
  for (int i = 0; i < STAGED; i++) {
    int t = i * (THREADS / TILE) + threadIdx.x / TILE;
    bool present = from + t < tokens && column < columns;
    staged[t][threadIdx.x % TILE] = present ? matrix[(s64)(from + t) * columns + column] : 0.0f;
  }
}

// sums [entries, c] += transposed dLogits [tokens, entries] times hidden [tokens, c].
extern "C" __global__ void __launch_bounds__(THREADS) add_matrix(
    float* sums, const float* dLogits, const float* hidden, int tokens, int entries, int c) {
  __shared__ __align__(16) float gradients[TOKENS][TILE];
  __shared__ __align__(16) float states[TOKENS][TILE];
  int firstEntry = blockIdx.y * TILE;
  int firstElement = blockIdx.x * TILE;
  int ownEntry = threadIdx.x / (TILE / SIDE) * SIDE;
  int ownElement = threadIdx.x % (TILE / SIDE) * SIDE;
  float sum[SIDE][SIDE];
#pragma unroll
  for (int v = 0; v < SIDE; v++) {
#pragma unroll
    for (int i = 0; i < SIDE; i++) {
      int entry = firstEntry + ownEntry + v;
      int element = firstElement + ownElement + i;
      sum[v][i] = entry < entries && element < c ? sums[(s64)entry * c + element] : 0.0f;
    }
  }
#pragma unroll 1
  for (int from = 0; from < tokens; from += TOKENS) {
    stage(gradients, dLogits, from, tokens, firstEntry, entries);
    stage(states, hidden, from, tokens, firstElement, c);
    __syncthreads();
    int count = min(TOKENS, tokens - from);
#pragma unroll 4
    for (int t = 0; t < count; t++) {
      float4 g = *(const float4*)&gradients[t][ownEntry];
      float4 h = *(const float4*)&states[t][ownElement];
      float four[SIDE] = {g.x, g.y, g.z, g.w};
#pragma unroll
      for (int v = 0; v < SIDE; v++) {
        sum[v][0] = fmaf(four[v], h.x, sum[v][0]);
        sum[v][1] = fmaf(four[v], h.y, sum[v][1]);
        sum[v][2] = fmaf(four[v], h.z, sum[v][2]);
        sum[v][3] = fmaf(four[v], h.w, sum[v][3]);
      }
    }
    __syncthreads();  // before the next tokens are staged
  }
#pragma unroll
  for (int v = 0; v < SIDE; v++) {
#pragma unroll
    for (int i = 0; i < SIDE; i++) {
      int entry = firstEntry + ownEntry + v;
      int element = firstElement + ownElement + i;
      if (entry < entries && element < c) sums[(s64)entry * c + element] = sum[v][i];
    }
  }
}

// sums [entries] += the columns of dLogits [tokens, entries]; a thread a column.
extern "C" __global__ void __launch_bounds__(THREADS) add_bias(
    float* sums, const float* dLogits, int tokens, int entries) {
  int entry = blockIdx.x * THREADS + threadIdx.x;
  if (entry >= entries) return;
  float sum = sums[entry];
  for (int t = 0; t < tokens; t++) sum += dLogits[(s64)t * entries + entry];
  sums[entry] = sum;
}
