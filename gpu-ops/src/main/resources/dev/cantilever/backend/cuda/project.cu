// Products with a small trainable fp32 matrix P [O, I]: LoRA's A and B, the value head.
//
//   forward:  y[n, o]  = alpha * sum over i of x[n, i] * P[o, i]
//   gradient: dx[n, i] = alpha * sum over o of dy[n, o] * P[o, i]
//   weight:   dP[o, i] += alpha * sum over tokens of dy[n, o] * x[n, i]
//
// Windows of columns are pointers moved and pitches. How a sum is cut follows from the inner dimension
// alone: the launcher takes `short_*` up to some length, `long_*` beyond.
#include "prelude.cuh"

// ---- short sums: one chain an element, ascending ----------------------------------------------

#define SHORT_THREADS 128  // columns of a block, one a thread
#define SHORT_ROWS 16      // rows of a block, all of them in every thread
#define STAGE 16           // inner elements at once
#define SHORT_PITCH (SHORT_THREADS + 2)

// What becomes of an element that holds `present`.
static __device__ __forceinline__ float finished(
    float sum, float alpha, float present, int accumulate) {
  float value = __fmul_rn(alpha, sum);
  return accumulate ? __fadd_rn(present, value) : value;
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
  float present[SHORT_ROWS];  // all read at once, and early
#pragma unroll
  for (int r = 0; r < SHORT_ROWS; r++) {
    bool read = accumulate && firstRow + r < rows && column < columns;
    present[r] = read ? y[(s64)(firstRow + r) * yPitch + column] : 0;
  }
  float acc[SHORT_ROWS] = {};
  for (int from = 0; from < depth; from += STAGE) {
    float w[STAGE];
    if (GRADIENT) {
#pragma unroll
      for (int k = 0; k < STAGE; k++) {
        w[k] = from + k < depth && column < columns ? p[(s64)(from + k) * in + column] : 0;
      }
    }
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
    if (!GRADIENT) {
#pragma unroll
      for (int k = 0; k < STAGE; k++) w[k] = right[k * SHORT_PITCH + threadIdx.x];
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
    if (row < rows) {
      y[(s64)row * yPitch + column] = finished(acc[r], alpha, present[r], accumulate);
    }
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

// ---- long sums: in slices of the inner dimension, a block each, whose sums are added in order ----

#define SLICE 256         // inner elements of a block
#define LONG_ROWS 32      // of a block
#define LONG_COLUMNS 16   // of a block
#define LONG_THREADS 256
#define LONG_WARPS (LONG_THREADS / WARP)
#define SLICE_QUADS (SLICE / 4)
#define ROW_QUADS (LONG_ROWS * SLICE_QUADS / LONG_THREADS)        // of rows that a thread loads
#define COLUMN_QUADS (LONG_COLUMNS * SLICE_QUADS / LONG_THREADS)  // of columns

// Where a vector along the inner dimension has its quads: those of eight vectors on different banks.
static __device__ __forceinline__ int slice_at(int vector, int quad) {
  return vector * SLICE + (quad ^ vector % 8) * 4;
}

static __device__ __forceinline__ void put_quad(float* target, const quad& q) {
  *(float4*)target = make_float4(q.e[0], q.e[1], q.e[2], q.e[3]);
}

// partial [slices, rows, columns]. A warp has every eighth quad of the slice as one chain; the warps'
// sums are added in order. A thread has every eighth row and, of the columns, four.
template <bool GRADIENT>
static __device__ __forceinline__ void long_sums(
    float* partial, const float* x, int xPitch, const float* p, int rows, int out, int in) {
  __shared__ __align__(16) float left[LONG_ROWS * SLICE];  // by slice_at; later the warps' sums
  __shared__ __align__(16) float right[LONG_COLUMNS * SLICE];  // by slice_at, or [SLICE, LONG_COLUMNS]
  int columns = GRADIENT ? in : out;
  int depth = GRADIENT ? out : in;
  int firstRow = blockIdx.x * LONG_ROWS;
  int firstColumn = blockIdx.y * LONG_COLUMNS;
  int from = blockIdx.z * SLICE;
  bool wideX = quads_align((u64)x, xPitch);
  bool wideP = quads_align((u64)p, in);
  quad ofRows[ROW_QUADS];
  quad ofColumns[COLUMN_QUADS];
#pragma unroll
  for (int i = 0; i < ROW_QUADS; i++) {
    int e = threadIdx.x + LONG_THREADS * i;
    int row = firstRow + e / SLICE_QUADS;
    int k = from + e % SLICE_QUADS * 4;
    ofRows[i] = load_quad(x, (s64)row * xPitch + k, row < rows ? depth - k : 0, wideX);
  }
#pragma unroll
  for (int i = 0; i < COLUMN_QUADS; i++) {
    int e = threadIdx.x + LONG_THREADS * i;
    int o = GRADIENT ? from + e / (LONG_COLUMNS / 4) : firstColumn + e / SLICE_QUADS;
    int at = GRADIENT ? firstColumn + e % (LONG_COLUMNS / 4) * 4 : from + e % SLICE_QUADS * 4;
    ofColumns[i] = load_quad(p, (s64)o * in + at, o < out ? in - at : 0, wideP);
  }
#pragma unroll
  for (int i = 0; i < ROW_QUADS; i++) {
    int e = threadIdx.x + LONG_THREADS * i;
    put_quad(left + slice_at(e / SLICE_QUADS, e % SLICE_QUADS), ofRows[i]);
  }
#pragma unroll
  for (int i = 0; i < COLUMN_QUADS; i++) {
    int e = threadIdx.x + LONG_THREADS * i;
    put_quad(
        right + (GRADIENT ? e * 4 : slice_at(e / SLICE_QUADS, e % SLICE_QUADS)), ofColumns[i]);
  }
  __syncthreads();
  int warp = threadIdx.x / WARP;
  int ownRow = threadIdx.x % WARP / 4;
  int ownColumn = threadIdx.x % 4;
  float acc[LONG_ROWS / 8][4] = {};
#pragma unroll 2
  for (int q = warp; q < SLICE_QUADS; q += LONG_WARPS) {
    float4 b[4];
#pragma unroll
    for (int c = 0; c < 4; c++) {
      b[c] = *(const float4*)(right
          + (GRADIENT ? (4 * q + c) * LONG_COLUMNS + 4 * ownColumn : slice_at(ownColumn + 4 * c, q)));
    }
#pragma unroll
    for (int i = 0; i < LONG_ROWS / 8; i++) {
      float4 a = *(const float4*)(left + slice_at(ownRow + 8 * i, q));
      if (GRADIENT) {  // b[c] has four columns
        const float four[4] = {a.x, a.y, a.z, a.w};
#pragma unroll
        for (int c = 0; c < 4; c++) {
          acc[i][0] = fmaf(four[c], b[c].x, acc[i][0]);
          acc[i][1] = fmaf(four[c], b[c].y, acc[i][1]);
          acc[i][2] = fmaf(four[c], b[c].z, acc[i][2]);
          acc[i][3] = fmaf(four[c], b[c].w, acc[i][3]);
        }
      } else {  // four inner elements of a column
#pragma unroll
        for (int c = 0; c < 4; c++) {
          acc[i][c] = fmaf(a.x, b[c].x, acc[i][c]);
          acc[i][c] = fmaf(a.y, b[c].y, acc[i][c]);
          acc[i][c] = fmaf(a.z, b[c].z, acc[i][c]);
          acc[i][c] = fmaf(a.w, b[c].w, acc[i][c]);
        }
      }
    }
  }
  __syncthreads();
  float* sums = left + warp * LONG_ROWS * LONG_COLUMNS;
#pragma unroll
  for (int i = 0; i < LONG_ROWS / 8; i++) {
#pragma unroll
    for (int c = 0; c < 4; c++) {
      int column = GRADIENT ? 4 * ownColumn + c : ownColumn + 4 * c;
      sums[(ownRow + 8 * i) * LONG_COLUMNS + column] = acc[i][c];
    }
  }
  __syncthreads();
  for (int e = threadIdx.x; e < LONG_ROWS * LONG_COLUMNS; e += LONG_THREADS) {
    int row = firstRow + e / LONG_COLUMNS;
    int column = firstColumn + e % LONG_COLUMNS;
    float sum = left[e];
#pragma unroll
    for (int w = 1; w < LONG_WARPS; w++) sum += left[w * LONG_ROWS * LONG_COLUMNS + e];
    if (row < rows && column < columns) {
      partial[((s64)blockIdx.z * rows + row) * columns + column] = sum;
    }
  }
}

#define LONG(name, gradient)                                                                    \
  extern "C" __global__ void __launch_bounds__(LONG_THREADS, 3) long_##name(                    \
      float* partial, const float* x, int xPitch, const float* p, int rows, int out, int in) {  \
    long_sums<gradient>(partial, x, xPitch, p, rows, out, in);                                  \
  }

LONG(forward, false)
LONG(gradient, true)

// y from partial [slices, rows, columns]. Warp w of a block adds slices w, w + 8, .. of 32 elements;
// then the warps' sums are added in order.
extern "C" __global__ void __launch_bounds__(LONG_THREADS) add_slices(
    float* y, int yPitch, const float* partial, float alpha, int accumulate, int rows, int columns,
    int slices) {
  __shared__ float sums[LONG_WARPS][WARP];
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  s64 elements = (s64)rows * columns;
  s64 e = (s64)blockIdx.x * WARP + lane;
  float sum = 0;
  if (e < elements) {
#pragma unroll 4
    for (int s = warp; s < slices; s += LONG_WARPS) sum += partial[s * elements + e];
  }
  sums[warp][lane] = sum;
  __syncthreads();
  if (warp != 0 || e >= elements) return;
#pragma unroll
  for (int w = 1; w < LONG_WARPS; w++) sum += sums[w][lane];
  float* target = y + e / columns * yPitch + e % columns;
  *target = finished(sum, alpha, accumulate ? *target : 0, accumulate);
}

// ---- gradient of P ------------------------------------------------------------------------------

#define WEIGHT_WARPS 8   // of a block; each sums over the tokens of one row of the batch
#define NARROW 16        // elements of the narrower side of P in every thread
#define TOKENS 16        // at once, all their reads under way together

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
  __shared__ float sums[WEIGHT_WARPS][NARROW][WARP + 1];
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int w = blockIdx.x * WARP + lane;
  int firstNarrow = blockIdx.y * NARROW;
  // This thread adds up the rows for two elements, such that a warp's lie side by side in dP: of its
  // lane's w, or of two neighbours along the narrow side.
  bool along = narrowStride == 1;
  int ownWide = along ? threadIdx.x / (NARROW / 2) : lane;
  int ownNarrow = along ? threadIdx.x % (NARROW / 2) * 2 : warp;
  int narrowStep = along ? 1 : WEIGHT_WARPS;
  s64 target = (s64)(blockIdx.x * WARP + ownWide) * wideStride
      + (s64)(firstNarrow + ownNarrow) * narrowStride;
  bool inWide = blockIdx.x * WARP + ownWide < wideSize;
  float total[NARROW / WEIGHT_WARPS] = {};
#pragma unroll
  for (int h = 0; h < NARROW / WEIGHT_WARPS; h++) {
    bool present = inWide && firstNarrow + ownNarrow + narrowStep * h < narrowSize;
    if (present) total[h] = dp[target + (s64)narrowStep * h * narrowStride];
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
        total[h] = fmaf(alpha, sums[r][ownNarrow + narrowStep * h][ownWide], total[h]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < NARROW / WEIGHT_WARPS; h++) {
    bool present = inWide && firstNarrow + ownNarrow + narrowStep * h < narrowSize;
    if (present) dp[target + (s64)narrowStep * h * narrowStride] = total[h];
  }
}
