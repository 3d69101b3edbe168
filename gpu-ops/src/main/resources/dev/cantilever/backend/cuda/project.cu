// Products with a small trainable fp32 matrix P [O, I]: LoRA's A and B, the value head.
//
//   forward:  y[n, o]  = alpha * sum over i of x[n, i] * P[o, i]
//   gradient: dx[n, i] = alpha * sum over o of dy[n, o] * P[o, i]
//   weight:   dP[o, i] += alpha * sum over tokens of dy[n, o] * x[n, i]
//
// Windows of columns are pointers moved and pitches. How a sum is cut follows from the inner dimension
// alone: the launcher takes `short_*` up to some length, `long_*` beyond; all tiles of `long_*` cut alike.
#include "prelude.cuh"

// ---- short sums: one chain an element, ascending ----------------------------------------------

#define SHORT_THREADS 128  // columns of a block, one a thread
#define SHORT_ROWS 16      // rows of a block, all of them in every thread
#define STAGE 16           // inner elements at once
#define SHORT_PITCH (SHORT_THREADS + 2)

static __device__ __forceinline__ void finish(float* target, float sum, float alpha, int accumulate) {
  float value = __fmul_rn(alpha, sum);
  *target = accumulate ? __fadd_rn(*target, value) : value;
}

template <bool GRADIENT>
static __device__ __forceinline__ void short_sums(
    float* y,
    int yPitch,
    const float* x,
    int xPitch,
    const float* p,
    float alpha,
    int accumulate,
    int rows,
    int out,
    int in) {
  __shared__ __align__(16) float left[SHORT_ROWS][STAGE];
  __shared__ float right[GRADIENT ? 1 : STAGE * SHORT_PITCH];
  int columns = GRADIENT ? in : out;
  int depth = GRADIENT ? out : in;
  int firstRow = blockIdx.x * SHORT_ROWS;
  int firstColumn = blockIdx.y * SHORT_THREADS;
  int column = firstColumn + threadIdx.x;
  float acc[SHORT_ROWS] = {};
  for (int from = 0; from < depth; from += STAGE) {
    __syncthreads();
    for (int e = threadIdx.x; e < SHORT_ROWS * STAGE; e += SHORT_THREADS) {
      int row = firstRow + e / STAGE;
      int k = from + e % STAGE;
      left[e / STAGE][e % STAGE] = row < rows && k < depth ? x[(s64)row * xPitch + k] : 0;
    }
    if (!GRADIENT) {
      for (int e = threadIdx.x; e < SHORT_THREADS * STAGE; e += SHORT_THREADS) {
        int o = firstColumn + e / STAGE;
        int k = from + e % STAGE;
        right[e % STAGE * SHORT_PITCH + e / STAGE] = o < out && k < in ? p[(s64)o * in + k] : 0;
      }
    }
    __syncthreads();
    float w[STAGE];
#pragma unroll
    for (int k = 0; k < STAGE; k++) {
      if (GRADIENT) {
        w[k] = from + k < depth && column < columns ? p[(s64)(from + k) * in + column] : 0;
      } else {
        w[k] = right[k * SHORT_PITCH + threadIdx.x];
      }
    }
#pragma unroll
    for (int r = 0; r < SHORT_ROWS; r++) {
#pragma unroll
      for (int k = 0; k < STAGE; k += 4) {
        float4 four = *(const float4*)&left[r][k];
        acc[r] = fmaf(four.x, w[k], acc[r]);
        acc[r] = fmaf(four.y, w[k + 1], acc[r]);
        acc[r] = fmaf(four.z, w[k + 2], acc[r]);
        acc[r] = fmaf(four.w, w[k + 3], acc[r]);
      }
    }
  }
  if (column >= columns) return;
#pragma unroll
  for (int r = 0; r < SHORT_ROWS; r++) {
    int row = firstRow + r;
    if (row < rows) finish(y + (s64)row * yPitch + column, acc[r], alpha, accumulate);
  }
}

#define SHORT(name, gradient)                                                                   \
  extern "C" __global__ void __launch_bounds__(SHORT_THREADS) short_##name(                     \
      float* y, int yPitch, const float* x, int xPitch, const float* p, float alpha,            \
      int accumulate, int rows, int out, int in) {                                              \
    short_sums<gradient>(y, yPitch, x, xPitch, p, alpha, accumulate, rows, out, in);            \
  }

SHORT(forward, false)
SHORT(gradient, true)

// ---- long sums: thread t has the chain of elements t, t + 256, ..; then a tree over the block ----

#define LONG_THREADS 256
#define LONG_WARPS (LONG_THREADS / WARP)

// BATCH steps are read before they are added up, so that a small tile has enough reads under way.
template <int ROWS, int COLUMNS, int BATCH, bool GRADIENT>
static __device__ __forceinline__ void long_sums(
    float* y,
    int yPitch,
    const float* x,
    int xPitch,
    const float* p,
    float alpha,
    int accumulate,
    int rows,
    int out,
    int in) {
  __shared__ float staged[GRADIENT ? LONG_THREADS * (COLUMNS + 1) : 1];
  __shared__ float sums[LONG_WARPS][ROWS * COLUMNS];
  int columns = GRADIENT ? in : out;
  int depth = GRADIENT ? out : in;
  int firstRow = blockIdx.x * ROWS;
  int firstColumn = blockIdx.y * COLUMNS;
  float acc[ROWS][COLUMNS] = {};
  for (int from = 0; from < depth; from += BATCH * LONG_THREADS) {
    float w[BATCH][COLUMNS];
    float value[BATCH][ROWS];
#pragma unroll
    for (int b = 0; b < BATCH; b++) {
      int k = from + b * LONG_THREADS + threadIdx.x;
      if (GRADIENT) {  // P lies along the columns: through shared memory
        __syncthreads();
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
          int e = threadIdx.x + LONG_THREADS * j;
          int o = from + b * LONG_THREADS + e / COLUMNS;
          int i = firstColumn + e % COLUMNS;
          staged[e / COLUMNS * (COLUMNS + 1) + e % COLUMNS] =
              o < out && i < in ? p[(s64)o * in + i] : 0;
        }
        __syncthreads();
      }
#pragma unroll
      for (int c = 0; c < COLUMNS; c++) {
        if (GRADIENT) {
          w[b][c] = staged[threadIdx.x * (COLUMNS + 1) + c];
        } else {
          bool present = k < depth && firstColumn + c < columns;
          w[b][c] = present ? p[(s64)(firstColumn + c) * in + k] : 0;
        }
      }
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        bool present = k < depth && firstRow + r < rows;
        value[b][r] = present ? x[(s64)(firstRow + r) * xPitch + k] : 0;
      }
    }
#pragma unroll
    for (int b = 0; b < BATCH; b++) {
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
#pragma unroll
        for (int c = 0; c < COLUMNS; c++) acc[r][c] = fmaf(value[b][r], w[b][c], acc[r][c]);
      }
    }
  }
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
#pragma unroll
    for (int c = 0; c < COLUMNS; c++) {
      float sum = warp_sum(acc[r][c]);
      if (threadIdx.x % WARP == 0) sums[threadIdx.x / WARP][r * COLUMNS + c] = sum;
    }
  }
  __syncthreads();
  if (threadIdx.x >= ROWS * COLUMNS) return;
  int row = firstRow + threadIdx.x / COLUMNS;
  int column = firstColumn + threadIdx.x % COLUMNS;
  if (row >= rows || column >= columns) return;
  float sum = sums[0][threadIdx.x];
  for (int warp = 1; warp < LONG_WARPS; warp++) sum += sums[warp][threadIdx.x];
  finish(y + (s64)row * yPitch + column, sum, alpha, accumulate);
}

#define LONG(name, rowsOfBlock, columnsOfBlock, batch, gradient)                                \
  extern "C" __global__ void __launch_bounds__(LONG_THREADS) long_##name(                       \
      float* y, int yPitch, const float* x, int xPitch, const float* p, float alpha,            \
      int accumulate, int rows, int out, int in) {                                              \
    long_sums<rowsOfBlock, columnsOfBlock, batch, gradient>(                                    \
        y, yPitch, x, xPitch, p, alpha, accumulate, rows, out, in);                             \
  }

LONG(forward_few, 2, 2, 4, false)
LONG(forward_many, 8, 8, 1, false)
LONG(gradient_many, 8, 8, 1, true)

// ---- gradient of P ------------------------------------------------------------------------------

#define WEIGHT_WARPS 8   // of a block; each sums over the tokens of one row of the batch
#define NARROW 16        // elements of the narrower side of P in every thread
#define TOKENS 8         // at once

// Lanes lie along the wider side of P, whose activations are `wide` [tokens, wideSize]; the other side's
// are `narrow`. dP's element of the two is at w * wideStride + n * narrowStride. A row of the batch is one
// chain over its tokens; the rows' sums go into dP in order, whichever warps made them.
extern "C" __global__ void __launch_bounds__(WEIGHT_WARPS * WARP) weight_gradient(
    float* dp,
    int wideStride,
    int narrowStride,
    const float* wide,
    int widePitch,
    int wideSize,
    const float* narrow,
    int narrowPitch,
    int narrowSize,
    const int* offsets,
    int rows,
    float alpha) {
  __shared__ __align__(16) float staged[WEIGHT_WARPS][TOKENS][NARROW];
  __shared__ float sums[WEIGHT_WARPS][NARROW][WARP];
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int w = blockIdx.x * WARP + lane;
  int firstNarrow = blockIdx.y * NARROW;
  // This thread adds up the rows for two elements: (w, firstNarrow + warp), and 8 further.
  float total[NARROW / WEIGHT_WARPS] = {};
#pragma unroll
  for (int h = 0; h < NARROW / WEIGHT_WARPS; h++) {
    int n = firstNarrow + warp + WEIGHT_WARPS * h;
    if (w < wideSize && n < narrowSize) total[h] = dp[(s64)w * wideStride + (s64)n * narrowStride];
  }
  for (int firstRow = 0; firstRow < rows; firstRow += WEIGHT_WARPS) {
    float acc[NARROW] = {};
    int row = firstRow + warp;
    int end = row < rows ? offsets[row + 1] : 0;
    for (int from = row < rows ? offsets[row] : 0; from < end; from += TOKENS) {
      float value[TOKENS];
#pragma unroll
      for (int t = 0; t < TOKENS; t++) {
        value[t] = from + t < end && w < wideSize ? wide[(s64)(from + t) * widePitch + w] : 0;
      }
      __syncwarp();
#pragma unroll
      for (int e = lane; e < TOKENS * NARROW; e += WARP) {
        int token = from + e / NARROW;
        int n = firstNarrow + e % NARROW;
        staged[warp][e / NARROW][e % NARROW] =
            token < end && n < narrowSize ? narrow[(s64)token * narrowPitch + n] : 0;
      }
      __syncwarp();
#pragma unroll
      for (int t = 0; t < TOKENS; t++) {
#pragma unroll
        for (int n = 0; n < NARROW; n += 4) {
          float4 four = *(const float4*)&staged[warp][t][n];
          acc[n] = fmaf(value[t], four.x, acc[n]);
          acc[n + 1] = fmaf(value[t], four.y, acc[n + 1]);
          acc[n + 2] = fmaf(value[t], four.z, acc[n + 2]);
          acc[n + 3] = fmaf(value[t], four.w, acc[n + 3]);
        }
      }
    }
#pragma unroll
    for (int n = 0; n < NARROW; n++) sums[warp][n][lane] = acc[n];
    __syncthreads();
    int present = min(WEIGHT_WARPS, rows - firstRow);
#pragma unroll
    for (int h = 0; h < NARROW / WEIGHT_WARPS; h++) {
      for (int r = 0; r < present; r++) {
        total[h] = fmaf(alpha, sums[r][warp + WEIGHT_WARPS * h][lane], total[h]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < NARROW / WEIGHT_WARPS; h++) {
    int n = firstNarrow + warp + WEIGHT_WARPS * h;
    if (w < wideSize && n < narrowSize) dp[(s64)w * wideStride + (s64)n * narrowStride] = total[h];
  }
}
