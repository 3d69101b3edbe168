// RMS norm.
#include "prelude.cuh"
#include "early_launch.cuh"
#include "rounded_rows.cuh"
#include "norm.cuh"

template <bool WIDE>
static __device__ __forceinline__ void normalize(
    float* y, const float* x, const void* gamma, int c, int gammaStorage, float eps,
    const RoundedRows& rounded) {
  __shared__ float4 scratch[1][WARPS / 4];
  quad row[QUADS];
  load_row<WIDE>(row, x, c);
  Vector<WIDE> scales(gamma, c, gammaStorage);
  float sums[1] = {row_dot(row, row)};
  block_sums(sums, scratch);
  float factor = 1.0f / sqrtf(sums[0] / c + eps);
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    quad scale = scales.widened(q);
#pragma unroll
    for (int i = 0; i < 4; i++) row[q].e[i] = row[q].e[i] * factor * scale.e[i];
  }
  store_row<WIDE>(y, c, row);
  if (rounded.base) store_rounded_row(rounded, c, row);
}

extern "C" __global__ void __launch_bounds__(THREADS) rms_norm(
    float* y, const float* x, const void* gamma, int c, int gammaStorage, float eps,
    u16* rounded, int groups) {
  let_next_kernel_begin();
  RoundedRows to = {rounded, groups};
  s64 start = (s64)blockIdx.x * c;
  if (quads_align((u64)y | (u64)x | (u64)gamma, c)) {
    normalize<true>(y + start, x + start, gamma, c, gammaStorage, eps, to);
  } else {
    normalize<false>(y + start, x + start, gamma, c, gammaStorage, eps, to);
  }
}

// With g = dy gamma and z the normalized row: dx = (g - z mean(g z)) / root mean square.
template <bool WIDE>
static __device__ __forceinline__ void normalize_backward(
    float* dx, const float* dy, const float* x, const void* gamma, int c, int gammaStorage,
    float eps, int accumulate) {
  __shared__ float4 scratch[2][WARPS / 4];
  quad row[QUADS];
  quad g[QUADS];
  quad present[QUADS];
  load_row<WIDE>(row, x, c);
  Vector<WIDE> scales(gamma, c, gammaStorage);
  if (EARLY && accumulate) load_row<WIDE>(present, dx, c);
  load_scaled<WIDE>(g, dy, scales);
  float sums[2] = {row_dot(row, row), row_dot(g, row)};
  block_sums(sums, scratch);
  float factor = 1.0f / sqrtf(sums[0] / c + eps);
  float meanProduct = sums[1] * factor / c;
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float z = row[q].e[i] * factor;
      g[q].e[i] = __fmul_rn(fmaf(-z, meanProduct, g[q].e[i]), factor);
    }
  }
  put_row<WIDE>(dx, c, g, present, accumulate);
}

NORM_BACKWARD(rms_norm_backward)
