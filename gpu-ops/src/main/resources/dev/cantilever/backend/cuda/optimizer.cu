// AdamW, gradient norms and scaling.
#include "prelude.cuh"

// Every operation rounds by itself, in the order of the CPU's.
extern "C" __global__ void adamw(
    float* p, const float* g, float* m, float* v, s64 count, float keep, float blend1, float beta2,
    float blend2, float rate, float root, float eps) {
  s64 stride = (s64)gridDim.x * blockDim.x;
  for (s64 i = (s64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
    float gradient = g[i];
    float first = m[i];
    first = __fadd_rn(first, __fmul_rn(blend1, __fsub_rn(gradient, first)));
    float square = __fmul_rn(gradient, gradient);
    float second = __fadd_rn(__fmul_rn(beta2, v[i]), __fmul_rn(blend2, square));
    float denominator = __fadd_rn(__fdiv_rn(__fsqrt_rn(second), root), eps);
    float change = __fmul_rn(rate, __fdiv_rn(first, denominator));
    p[i] = __fsub_rn(__fmul_rn(p[i], keep), change);
    m[i] = first;
    v[i] = second;
  }
}

extern "C" __global__ void scale(float* g, s64 count, float factor) {
  s64 stride = (s64)gridDim.x * blockDim.x;
  for (s64 i = (s64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
    g[i] *= factor;
  }
}

// ---- sum of squares -----------------------------------------------------------------------------

#define NORM_THREADS 256
#define NORM_ELEMENTS 16384  // of a block: the order of the sum follows from the sizes alone

// partial[block]: the sum of squares of a block's elements.
extern "C" __global__ void __launch_bounds__(NORM_THREADS) square_sums(
    double* partial, const float* g, s64 count) {
  __shared__ double scratch[NORM_THREADS / WARP];
  s64 from = (s64)blockIdx.x * NORM_ELEMENTS;
  s64 to = min(count, from + NORM_ELEMENTS);
  double sum = 0.0;
  for (s64 i = from + threadIdx.x; i < to; i += NORM_THREADS) sum += (double)g[i] * g[i];
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

// One block: the sum of all partial sums.
extern "C" __global__ void __launch_bounds__(NORM_THREADS) sum_partials(
    double* result, const double* partial, int count) {
  __shared__ double scratch[NORM_THREADS / WARP];
  double sum = 0.0;
  for (int i = threadIdx.x; i < count; i += NORM_THREADS) sum += partial[i];
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) *result = sum;
}
