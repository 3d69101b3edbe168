// Layer norm. In its sums a row is taken less its mean as first found; what the mean's rounding left out
// is the mean of that, and removed from the sums and the row.
#include "prelude.cuh"
#include "early_launch.cuh"
#include "rounded_rows.cuh"
#include "norm.cuh"

template <bool WIDE>
static __device__ __forceinline__ void normalize(
    float* y, const float* x, const void* gamma, const void* beta, int c, int gammaStorage,
    int betaStorage, float eps, const RoundedRows& rounded) {
  __shared__ float4 firstSums[1][WARPS / 4];
  __shared__ float4 secondSums[2][WARPS / 4];
  quad row[QUADS];
  load_row<WIDE>(row, x, c);
  Vector<WIDE> scales(gamma, c, gammaStorage);
  Vector<WIDE> shifts(beta, c, betaStorage);
  float first[1] = {row_sum(row)};
  block_sums(first, firstSums);
  subtract(row, c, first[0] / c);
  float second[2] = {row_sum(row), row_dot(row, row)};
  block_sums(second, secondSums);
  float rest = second[0] / c;
  float rstd = 1.0f / sqrtf(fmaxf(fmaf(-rest, second[0], second[1]), 0.0f) / c + eps);
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    quad scale = scales.widened(q);
    quad shift = shifts.widened(q);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      row[q].e[i] = fmaf((row[q].e[i] - rest) * rstd, scale.e[i], shift.e[i]);
    }
  }
  store_row<WIDE>(y, c, row);
  if (rounded.base) store_rounded_row(rounded, c, row);
}

extern "C" __global__ void __launch_bounds__(THREADS) layer_norm(
    float* y, const float* x, const void* gamma, const void* beta, int c, int gammaStorage,
    int betaStorage, float eps, u16* rounded, int groups) {
  let_next_kernel_begin();
  RoundedRows to = {rounded, groups};
  s64 start = (s64)blockIdx.x * c;
  if (quads_align((u64)y | (u64)x | (u64)gamma | (u64)beta, c)) {
    normalize<true>(y + start, x + start, gamma, beta, c, gammaStorage, betaStorage, eps, to);
  } else {
    normalize<false>(y + start, x + start, gamma, beta, c, gammaStorage, betaStorage, eps, to);
  }
}

// With g = dy gamma and z the normalized row: dx = (g - mean(g) - z mean(g z)) / deviation.
template <bool WIDE>
static __device__ __forceinline__ void normalize_backward(
    float* dx, const float* dy, const float* x, const void* gamma, int c, int gammaStorage,
    float eps, int accumulate) {
  __shared__ float4 firstSums[2][WARPS / 4];
  __shared__ float4 secondSums[3][WARPS / 4];
  quad row[QUADS];
  quad g[QUADS];
  quad present[QUADS];
  load_row<WIDE>(row, x, c);
  Vector<WIDE> scales(gamma, c, gammaStorage);
  if (EARLY && accumulate) load_row<WIDE>(present, dx, c);
  load_scaled<WIDE>(g, dy, scales);
  float first[2] = {row_sum(row), row_sum(g)};
  block_sums(first, firstSums);
  subtract(row, c, first[0] / c);
  float meanG = first[1] / c;
  float second[3] = {row_sum(row), row_dot(row, row), row_dot(g, row)};
  block_sums(second, secondSums);
  float rest = second[0] / c;
  float rstd = 1.0f / sqrtf(fmaxf(fmaf(-rest, second[0], second[1]), 0.0f) / c + eps);
  float meanProduct = fmaf(-rest, first[1], second[2]) * rstd / c;
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float z = (row[q].e[i] - rest) * rstd;
      g[q].e[i] = __fmul_rn(fmaf(-z, meanProduct, g[q].e[i] - meanG), rstd);
    }
  }
  put_row<WIDE>(dx, c, g, present, accumulate);
}

NORM_BACKWARD(layer_norm_backward)
