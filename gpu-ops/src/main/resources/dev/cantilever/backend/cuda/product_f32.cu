// Products with a frozen weight in fp32 on the CUDA cores, for every form a weight comes in.
//
//   linear:   y[n, o]  = sum over i of x[n, i] * W[o, i], then + bias
//   gradient: dx[n, i] = sum over o of dy[n, o] * W[o, i]
//
// What is made so is added to the addend, of the result's shape, where there is one: the result itself, or
// another matrix.
//
// An element is one chain of fmaf over the inner dimension in ascending order from zero, as on the
// CPU. The factor absmax / 127 of an int8 weight is applied to the finished sum of the product, and to
// dy before the chain of the gradient, where it belongs to the inner dimension.
#include "prelude.cuh"

#define STORAGE_INT8 3  // beside those of dense weights

#define THREADS 256
#define TILE 64          // rows, and columns, of a block; a thread has 4 x 4 of them
#define STAGE 16         // inner elements in shared memory at once
#define PITCH (TILE + 4) // keeps 16-byte alignment and spreads a column over banks

template <int STORAGE>
static __device__ __forceinline__ float load_weight(const void* w, int o, int i, int in) {
  if (STORAGE == STORAGE_INT8) return ((const s8*)w)[int8_offset(o, i, (in + 31) / 32 * 32)];
  return load_stored(w, (s64)o * in + i, STORAGE);
}

static __device__ __forceinline__ void write(float* y, const float* addend, s64 at, float value) {
  y[at] = addend != 0 ? addend[at] + value : value;
}

static __device__ __forceinline__ float int8_factor(const float* absmax, int o) {
  return absmax[o] * (1.0f / 127.0f);
}

// acc[a][b]: row 64 * blockIdx.x + 4 * (thread / 16) + a, column 64 * blockIdx.y + 4 * (thread % 16) + b.
template <int STORAGE, bool GRADIENT>
static __device__ __forceinline__ void sum_products(
    float (&acc)[4][4],
    const float* x,
    const void* w,
    const float* absmax,
    int rows,
    int out,
    int in) {
  __shared__ __align__(16) float left[STAGE][PITCH];
  __shared__ __align__(16) float right[STAGE][PITCH];
  int columns = GRADIENT ? in : out;
  int depth = GRADIENT ? out : in;
  int firstRow = blockIdx.x * TILE;
  int firstColumn = blockIdx.y * TILE;
  int thread = threadIdx.x;
  for (int from = 0; from < depth; from += STAGE) {
#pragma unroll
    for (int j = 0; j < TILE * STAGE / THREADS; j++) {
      int k = thread % STAGE;
      int r = thread / STAGE + THREADS / STAGE * j;
      float value = 0;
      if (firstRow + r < rows && from + k < depth) {
        value = x[(s64)(firstRow + r) * depth + from + k];
        if (GRADIENT && STORAGE == STORAGE_INT8) value *= int8_factor(absmax, from + k);
      }
      left[k][r] = value;
    }
#pragma unroll
    for (int j = 0; j < TILE * STAGE / THREADS; j++) {
      // Neighbouring threads read what lies together: inputs, whichever dimension those are.
      int k = GRADIENT ? thread / TILE + THREADS / TILE * j : thread % STAGE;
      int c = GRADIENT ? thread % TILE : thread / STAGE + THREADS / STAGE * j;
      float value = 0;
      if (firstColumn + c < columns && from + k < depth) {
        int o = GRADIENT ? from + k : firstColumn + c;
        int i = GRADIENT ? firstColumn + c : from + k;
        value = load_weight<STORAGE>(w, o, i, in);
      }
      right[k][c] = value;
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < STAGE; k++) {
      float4 a4 = *(const float4*)&left[k][thread / 16 * 4];
      float4 b4 = *(const float4*)&right[k][thread % 16 * 4];
      float a[4] = {a4.x, a4.y, a4.z, a4.w};
      float b[4] = {b4.x, b4.y, b4.z, b4.w};
#pragma unroll
      for (int r = 0; r < 4; r++) {
#pragma unroll
        for (int c = 0; c < 4; c++) acc[r][c] = fmaf(a[r], b[c], acc[r][c]);
      }
    }
    __syncthreads();
  }
}

template <int STORAGE>
static __device__ __forceinline__ void linear(
    float* y,
    const float* x,
    const void* w,
    const float* absmax,
    const void* bias,
    int biasStorage,
    int rows,
    int out,
    int in,
    const float* addend) {
  float acc[4][4] = {};
  sum_products<STORAGE, false>(acc, x, w, absmax, rows, out, in);
#pragma unroll
  for (int c = 0; c < 4; c++) {
    int o = blockIdx.y * TILE + threadIdx.x % 16 * 4 + c;
    if (o >= out) continue;
    float factor = STORAGE == STORAGE_INT8 ? int8_factor(absmax, o) : 1;
    float added = bias == 0 ? 0 : load_stored(bias, o, biasStorage);
#pragma unroll
    for (int r = 0; r < 4; r++) {
      int row = blockIdx.x * TILE + threadIdx.x / 16 * 4 + r;
      if (row < rows) write(y, addend, (s64)row * out + o, __fadd_rn(__fmul_rn(acc[r][c], factor), added));
    }
  }
}

template <int STORAGE>
static __device__ __forceinline__ void gradient(
    float* dx,
    const float* dy,
    const void* w,
    const float* absmax,
    int rows,
    int out,
    int in,
    const float* addend) {
  float acc[4][4] = {};
  sum_products<STORAGE, true>(acc, dy, w, absmax, rows, out, in);
#pragma unroll
  for (int r = 0; r < 4; r++) {
    int row = blockIdx.x * TILE + threadIdx.x / 16 * 4 + r;
#pragma unroll
    for (int c = 0; c < 4; c++) {
      int i = blockIdx.y * TILE + threadIdx.x % 16 * 4 + c;
      if (row < rows && i < in) write(dx, addend, (s64)row * in + i, acc[r][c]);
    }
  }
}

#define KERNELS(name, storage)                                                                  \
  extern "C" __global__ void __launch_bounds__(THREADS) linear_##name(                          \
      float* y, const float* x, const void* w, const float* absmax, const void* bias,           \
      int biasStorage, int rows, int out, int in, const float* addend) {                        \
    linear<storage>(y, x, w, absmax, bias, biasStorage, rows, out, in, addend);                 \
  }                                                                                             \
  extern "C" __global__ void __launch_bounds__(THREADS) gradient_##name(                        \
      float* dx, const float* dy, const void* w, const float* absmax, int rows, int out, int in, \
      const float* addend) {                                                                    \
    gradient<storage>(dx, dy, w, absmax, rows, out, in, addend);                                \
  }

KERNELS(f32, STORAGE_F32)
KERNELS(f16, STORAGE_F16)
KERNELS(bf16, STORAGE_BF16)
KERNELS(int8, STORAGE_INT8)
