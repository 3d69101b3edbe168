// RMS norm: a block a row, the row in registers from its one reading to its one writing.
#include "prelude.cuh"

// A thread's share of a row: C is at most 32 blockDim.x. Its quads lie blockDim.x quads apart.
#define QUADS 8
#define THREADS 512  // at most: more would leave a thread too few registers for its two rows

static __device__ __forceinline__ int quad_start(int q) {
  return (q * blockDim.x + threadIdx.x) * 4;
}

static __device__ __forceinline__ void load_row(
    quad (&row)[QUADS], const float* base, s64 start, int c, bool wide) {
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    row[q] = load_quad(base, start + quad_start(q), c - quad_start(q), wide);
  }
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

static __device__ __forceinline__ float inverse_root_mean_square(
    const quad (&row)[QUADS], int c, float eps, float* scratch) {
  return 1.0f / sqrtf(row_dot(row, row, scratch) / c + eps);
}

extern "C" __global__ void __launch_bounds__(THREADS) rms_norm(
    float* y, const float* x, const void* gamma, int c, int gammaStorage, float eps) {
  __shared__ float scratch[WARP];
  bool wide = quads_align((u64)y | (u64)x | (u64)gamma, c);
  s64 start = (s64)blockIdx.x * c;
  quad row[QUADS];
  load_row(row, x, start, c, wide);
  float factor = inverse_root_mean_square(row, c, eps, scratch);
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    quad scale = load_quad(gamma, at, c - at, wide, gammaStorage);
#pragma unroll
    for (int i = 0; i < 4; i++) row[q].e[i] = row[q].e[i] * factor * scale.e[i];
    store_quad(y, start + at, c - at, wide, row[q]);
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) rms_norm_backward(
    float* dx, const float* dy, const float* x, const void* gamma, int c, int gammaStorage,
    float eps, int accumulate) {
  __shared__ float scratch[WARP];
  bool wide = quads_align((u64)dx | (u64)dy | (u64)x | (u64)gamma, c);
  s64 start = (s64)blockIdx.x * c;
  quad row[QUADS];
  load_row(row, x, start, c, wide);
  float factor = inverse_root_mean_square(row, c, eps, scratch);
  quad g[QUADS];
  load_row(g, dy, start, c, wide);
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    quad scale = load_quad(gamma, at, c - at, wide, gammaStorage);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      g[q].e[i] = __fmul_rn(g[q].e[i], scale.e[i]);
      row[q].e[i] *= factor;
    }
  }
  float meanProduct = row_dot(g, row, scratch) / c;
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    // Rounded before it is added, or what is added would not be what is written.
    quad out;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      out.e[i] = __fmul_rn(fmaf(-row[q].e[i], meanProduct, g[q].e[i]), factor);
    }
    if (accumulate) {
      quad present = load_quad(dx, start + at, c - at, wide);
#pragma unroll
      for (int i = 0; i < 4; i++) out.e[i] = __fadd_rn(present.e[i], out.e[i]);
    }
    store_quad(dx, start + at, c - at, wide, out);
  }
}
