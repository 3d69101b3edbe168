// Layer norm: a block a row, the row in registers from its one reading to its one writing.
#include "prelude.cuh"

// A thread's share of a row: C is at most 32 blockDim.x. Its quads lie blockDim.x quads apart.
#define QUADS 8
#define THREADS 512  // at most: more would leave a thread too few registers for its two rows

static __device__ __forceinline__ int quad_start(int q) {
  return (q * blockDim.x + threadIdx.x) * 4;
}

static __device__ __forceinline__ float row_sum(const quad (&row)[QUADS], float* scratch) {
  float sum = 0.0f;
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    sum += (row[q].e[0] + row[q].e[1]) + (row[q].e[2] + row[q].e[3]);
  }
  return block_sum(sum, scratch);
}

static __device__ __forceinline__ float row_dot(
    const quad (&a)[QUADS], const quad (&b)[QUADS], float* scratch) {
  float sum = 0.0f;
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
#pragma unroll
    for (int i = 0; i < 4; i++) sum = fmaf(a[q].e[i], b[q].e[i], sum);
  }
  return block_sum(sum, scratch);
}

// What lies behind the row stays zero.
static __device__ __forceinline__ void subtract(quad (&row)[QUADS], int c, float value) {
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
#pragma unroll
    for (int i = 0; i < 4; i++) row[q].e[i] -= quad_start(q) + i < c ? value : 0.0f;
  }
}

// Subtracts the row's mean from it and returns 1 / sqrt(var + eps). The mean is taken twice: the
// second one, of what is left, removes the first one's rounding.
static __device__ __forceinline__ float centre(
    quad (&row)[QUADS], int c, float eps, float* scratch) {
  subtract(row, c, row_sum(row, scratch) / c);
  subtract(row, c, row_sum(row, scratch) / c);
  return 1.0f / sqrtf(row_dot(row, row, scratch) / c + eps);
}

extern "C" __global__ void __launch_bounds__(THREADS) layer_norm(
    float* y, const float* x, const void* gamma, const void* beta, int c, int gammaStorage,
    int betaStorage, float eps) {
  __shared__ float scratch[WARP];
  bool wide = quads_align((u64)y | (u64)x | (u64)gamma | (u64)beta, c);
  s64 start = (s64)blockIdx.x * c;
  quad row[QUADS];
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    row[q] = load_quad(x, start + quad_start(q), c - quad_start(q), wide);
  }
  float rstd = centre(row, c, eps, scratch);
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    quad scale = load_quad(gamma, at, c - at, wide, gammaStorage);
    quad shift = load_quad(beta, at, c - at, wide, betaStorage);
#pragma unroll
    for (int i = 0; i < 4; i++) row[q].e[i] = fmaf(row[q].e[i] * rstd, scale.e[i], shift.e[i]);
    store_quad(y, start + at, c - at, wide, row[q]);
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) layer_norm_backward(
    float* dx, const float* dy, const float* x, const void* gamma, int c, int gammaStorage,
    float eps, int accumulate) {
  __shared__ float scratch[WARP];
  bool wide = quads_align((u64)dx | (u64)dy | (u64)x | (u64)gamma, c);
  s64 start = (s64)blockIdx.x * c;
  quad row[QUADS];
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    row[q] = load_quad(x, start + quad_start(q), c - quad_start(q), wide);
  }
  float rstd = centre(row, c, eps, scratch);
  quad g[QUADS];
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    g[q] = load_quad(dy, start + at, c - at, wide);
    quad scale = load_quad(gamma, at, c - at, wide, gammaStorage);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      g[q].e[i] = __fmul_rn(g[q].e[i], scale.e[i]);
      row[q].e[i] *= rstd;
    }
  }
  float meanG = row_sum(g, scratch) / c;
  float meanProduct = row_dot(g, row, scratch) / c;
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    // Rounded before it is added, or what is added would not be what is written.
    quad out;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      out.e[i] = __fmul_rn(fmaf(-row[q].e[i], meanProduct, g[q].e[i] - meanG), rstd);
    }
    if (accumulate) {
      quad present = load_quad(dx, start + at, c - at, wide);
#pragma unroll
      for (int i = 0; i < 4; i++) out.e[i] = __fadd_rn(present.e[i], out.e[i]);
    }
    store_quad(dx, start + at, c - at, wide, out);
  }
}
