// AdamW, gradient norms and scaling.
#include "prelude.cuh"

// Tensors of a launch, each with the first of its blocks. A block has a part of one tensor.
#define MOST_TENSORS 64

// The last of `count` tensors whose first block is not behind this one.
template <typename Entry>
static __device__ __forceinline__ int own_tensor(const Entry* entries, int count) {
  int first = 0;
  int behind = count;
  while (behind - first > 1) {
    int middle = (first + behind) / 2;
    if (entries[middle].firstBlock <= blockIdx.x) {
      first = middle;
    } else {
      behind = middle;
    }
  }
  return first;
}

#define STEP_THREADS 256
#define STEP_ELEMENTS 4096  // of a block

struct Stepped {
  float* p;
  const float* g;
  float* m;
  float* v;
  s64 count;
  s64 firstBlock;
};

struct AllStepped {
  Stepped tensors[MOST_TENSORS];
};

// Every operation rounds by itself, in the order of the CPU's.
extern "C" __global__ void __launch_bounds__(STEP_THREADS) adamw(
    const __grid_constant__ AllStepped all, int tensors, float keep, float blend1, float beta2,
    float blend2, float rate, float root, float eps) {
  const Stepped& own = all.tensors[own_tensor(all.tensors, tensors)];
  s64 from = (s64)(blockIdx.x - own.firstBlock) * STEP_ELEMENTS;
  s64 to = min(own.count, from + STEP_ELEMENTS);
  bool wide = quads_align((u64)own.p | (u64)own.g | (u64)own.m | (u64)own.v, 0);
#pragma unroll 1
  for (s64 at = from + 4 * threadIdx.x; at < to; at += 4 * STEP_THREADS) {
    quad p = load_quad(own.p, at, to - at, wide);
    quad g = load_quad(own.g, at, to - at, wide);
    quad m = load_quad(own.m, at, to - at, wide);
    quad v = load_quad(own.v, at, to - at, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float gradient = g.e[i];
      float first = m.e[i];
      first = __fadd_rn(first, __fmul_rn(blend1, __fsub_rn(gradient, first)));
      float square = __fmul_rn(gradient, gradient);
      float second = __fadd_rn(__fmul_rn(beta2, v.e[i]), __fmul_rn(blend2, square));
      float denominator = __fadd_rn(__fdiv_rn(__fsqrt_rn(second), root), eps);
      float change = __fmul_rn(rate, __fdiv_rn(first, denominator));
      p.e[i] = __fsub_rn(__fmul_rn(p.e[i], keep), change);
      m.e[i] = first;
      v.e[i] = second;
    }
    store_quad(own.p, at, to - at, wide, p);
    store_quad(own.m, at, to - at, wide, m);
    store_quad(own.v, at, to - at, wide, v);
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

struct Squared {
  const float* g;
  s64 count;
  s64 firstBlock;
};

struct AllSquared {
  Squared tensors[MOST_TENSORS];
};

// partial[block]: the sum of squares of a block's elements.
extern "C" __global__ void __launch_bounds__(NORM_THREADS) square_sums(
    double* partial, const __grid_constant__ AllSquared all, int tensors) {
  __shared__ double scratch[NORM_THREADS / WARP];
  const Squared& own = all.tensors[own_tensor(all.tensors, tensors)];
  const float* g = own.g;
  s64 from = (s64)(blockIdx.x - own.firstBlock) * NORM_ELEMENTS;
  s64 to = min(own.count, from + NORM_ELEMENTS);
  double sum = 0.0;
#pragma unroll 8
  for (s64 i = from + threadIdx.x; i < to; i += NORM_THREADS) sum += (double)g[i] * g[i];
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

// One block: the sum of all partial sums.
extern "C" __global__ void __launch_bounds__(NORM_THREADS) sum_partials(
    double* result, const double* partial, int count) {
  __shared__ double scratch[NORM_THREADS / WARP];
  double sum = 0.0;
#pragma unroll 4
  for (int i = threadIdx.x; i < count; i += NORM_THREADS) sum += partial[i];
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) *result = sum;
}
