// Products with a small trainable fp32 matrix P [O, I]: LoRA's A and B, the value head.
//
//   forward:  y[n, o]  = alpha * sum over i of x[n, i] * P[o, i]
//   gradient: dx[n, i] = alpha * sum over o of dy[n, o] * P[o, i]
//   weight:   dP[o, i] += alpha * sum over tokens of dy[n, o] * x[n, i]
//
// Windows of columns are pointers moved and pitches. How a sum is cut follows from the inner dimension
// alone: the launcher takes `short_*` up to some length, `long_*` beyond.
#include "prelude.cuh"
#include "slice_sums.cuh"

// ---- short sums: one chain an element, ascending ----------------------------------------------

#define SHORT_THREADS 128
#define SHORT_COLUMNS (4 * SHORT_THREADS)  // of a block, four neighbours a thread
#define SHORT_ROWS 8                       // at once, all of them in every thread
#define STAGE 16                           // inner elements at once

// What becomes of an element that holds `present`.
static __device__ __forceinline__ float finished(
    float sum, float alpha, float present, int accumulate) {
  float value = __fmul_rn(alpha, sum);
  return accumulate ? __fadd_rn(present, value) : value;
}

// Four elements of which `count` are there, zeros behind them; WIDE if all of them or none.
template <bool WIDE>
static __device__ __forceinline__ quad load_part(const float* at, int count) {
  return load_quad(at, 0, WIDE ? count > 0 ? 4 : 0 : count, WIDE);
}

template <bool WIDE>
static __device__ __forceinline__ void store_part(float* at, int count, const quad& q) {
  store_quad(at, 0, WIDE ? count > 0 ? 4 : 0 : count, WIDE, q);
}

// P at STAGE inner elements from `from` on, by four columns from `column` on, of which there are `count`.
template <bool GRADIENT, bool WIDE>
static __device__ __forceinline__ void load_short(
    quad (&w)[STAGE], const float* p, int from, int column, int count, int out, int in) {
  if (GRADIENT) {
#pragma unroll
    for (int k = 0; k < STAGE; k++) {
      w[k] = load_part<WIDE>(p + (s64)(from + k) * in + column, from + k < out ? count : 0);
    }
  } else {
#pragma unroll
    for (int c = 0; c < 4; c++) {
#pragma unroll
      for (int k = 0; k < STAGE; k += 4) {
        const float* source = p + (s64)(column + c) * in + from + k;
        quad q = load_part<WIDE>(source, c < count ? in - from - k : 0);
#pragma unroll
        for (int i = 0; i < 4; i++) w[k + i].e[c] = q.e[i];
      }
    }
  }
}

// A block has `rowsEach` rows, SHORT_ROWS at a time. WIDE if four columns, and four inner elements, are
// read at once.
template <bool GRADIENT, bool WIDE>
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
    int in,
    int rowsEach) {
  __shared__ __align__(16) float left[2][SHORT_ROWS][STAGE];
  int columns = GRADIENT ? in : out;
  int depth = GRADIENT ? out : in;
  int column = blockIdx.y * SHORT_COLUMNS + threadIdx.x * 4;
  int count = columns - column;
  int firstRow = blockIdx.x * rowsEach;
  int end = min(rows, firstRow + rowsEach);
  int ownRow = threadIdx.x / STAGE;
  int ownInner = threadIdx.x % STAGE;
  int turn = 0;  // which half of `left`: the other one may still be read
  quad w[STAGE];
#pragma unroll 1
  for (int row = firstRow; row < end; row += SHORT_ROWS) {
    quad present[SHORT_ROWS];  // all read at once, and early
    quad acc[SHORT_ROWS];
#pragma unroll
    for (int r = 0; r < SHORT_ROWS; r++) {
      const float* source = y + (s64)(row + r) * yPitch + column;
      present[r] = load_part<WIDE>(source, accumulate && row + r < end ? count : 0);
      acc[r] = {};
    }
#pragma unroll 1
    for (int from = 0; from < depth; from += STAGE) {
      bool read = row + ownRow < end && from + ownInner < depth;
      float own = read ? x[(s64)(row + ownRow) * xPitch + from + ownInner] : 0.0f;
      if (row == firstRow || depth > STAGE) {
        load_short<GRADIENT, WIDE>(w, p, from, column, count, out, in);
      }
      left[turn][ownRow][ownInner] = own;
      __syncthreads();
#pragma unroll
      for (int r = 0; r < SHORT_ROWS; r++) {
#pragma unroll
        for (int k = 0; k < STAGE; k += 4) {
          float4 four = *(const float4*)&left[turn][r][k];
          const float factors[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
          for (int i = 0; i < 4; i++) {
#pragma unroll
            for (int c = 0; c < 4; c++) {
              acc[r].e[c] = fmaf(factors[i], w[k + i].e[c], acc[r].e[c]);
            }
          }
        }
      }
      turn ^= 1;
    }
#pragma unroll
    for (int r = 0; r < SHORT_ROWS; r++) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        acc[r].e[c] = finished(acc[r].e[c], alpha, present[r].e[c], accumulate);
      }
      store_part<WIDE>(
          y + (s64)(row + r) * yPitch + column, row + r < end ? count : 0, acc[r]);
    }
  }
}

#define SHORT(name, gradient)                                                                   \
  extern "C" __global__ void __launch_bounds__(SHORT_THREADS, 3) short_##name(                  \
      float* y, int yPitch, const float* x, int xPitch, const float* p, float alpha,            \
      int accumulate, int rows, int out, int in, int rowsEach) {                                \
    int columns = gradient ? in : out;                                                          \
    if (quads_align((u64)y | (u64)p, yPitch | columns | in)) {                                  \
      short_sums<gradient, true>(                                                               \
          y, yPitch, x, xPitch, p, alpha, accumulate, rows, out, in, rowsEach);                 \
    } else {                                                                                    \
      short_sums<gradient, false>(                                                              \
          y, yPitch, x, xPitch, p, alpha, accumulate, rows, out, in, rowsEach);                 \
    }                                                                                           \
  }

SHORT(forward, false)
SHORT(gradient, true)

// ---- long sums: in slices of the inner dimension, a block each, whose sums are added in order ----

#define LONG_ROWS 32  // of a block

// partial [slices, rows, columns].
template <bool GRADIENT>
static __device__ __forceinline__ void long_sums(
    float* partial, const float* x, int xPitch, const float* p, int rows, int out, int in) {
  int columns = GRADIENT ? in : out;
  int firstRow = blockIdx.x * LONG_ROWS;
  int firstColumn = blockIdx.y * LONG_COLUMNS;
  SliceSums target;
  target.first = partial + ((s64)blockIdx.z * rows + firstRow) * columns + firstColumn;
  target.pitch = columns;
  target.rows = rows - firstRow;
  target.columns = columns - firstColumn;
  slice_sums<GRADIENT, LONG_ROWS>(
      target, x, xPitch, rows, firstRow, p, out, in, firstColumn, blockIdx.z * SLICE);
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

#define WEIGHT_WARPS 4   // of a block; each sums over the tokens of one row of the batch
#define NARROW 16        // elements of the narrower side of P in every thread
#define TOKENS 8         // at once, all their reads under way together
#define WEIGHT_SUMS (NARROW / WEIGHT_WARPS)  // elements of P whose rows' sums a thread adds up

// What a thread reads of TOKENS tokens: of `wide` its own column, of `narrow` its share.
struct TokenParts {
  float wide[TOKENS];
  float narrow[TOKENS * NARROW / WARP];
};

// Lanes lie along the wider side of P, whose activations are `wide` [tokens, wideSize]; the other side's
// are `narrow`. dP's element of the two is at w * wideStride + n * narrowStride. A row of the batch is one
// chain over its tokens; the rows' sums go into dP in order, whichever warps made them. The next tokens
// are on their way while these are added.
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
  auto read = [&](TokenParts& parts, int from, int end) {
    int left = w < wideSize ? end - from : 0;
    const float* at = wide + (s64)from * widePitch + w;
#pragma unroll
    for (int t = 0; t < TOKENS; t++) {
      parts.wide[t] = t < left ? *at : 0.0f;
      at += widePitch;
    }
    int n = firstNarrow + lane % NARROW;
    int token = from + lane / NARROW;
    left = n < narrowSize ? end - token : 0;
    at = narrow + (s64)token * narrowPitch + n;
#pragma unroll
    for (int i = 0; i < TOKENS * NARROW / WARP; i++) {
      parts.narrow[i] = i * (WARP / NARROW) < left ? *at : 0.0f;
      at += narrowPitch * (WARP / NARROW);
    }
  };
  // This thread adds up the rows for some elements, such that a warp's lie side by side in dP: of its
  // lane's w, or of neighbours along the narrow side.
  bool along = narrowStride == 1;
  int ownWide = along ? threadIdx.x / WEIGHT_WARPS : lane;
  int ownNarrow = along ? threadIdx.x % WEIGHT_WARPS * WEIGHT_SUMS : warp;
  int narrowStep = along ? 1 : WEIGHT_WARPS;
  s64 target = (s64)(blockIdx.x * WARP + ownWide) * wideStride
      + (s64)(firstNarrow + ownNarrow) * narrowStride;
  bool inWide = blockIdx.x * WARP + ownWide < wideSize;
  float total[WEIGHT_SUMS] = {};
#pragma unroll
  for (int h = 0; h < WEIGHT_SUMS; h++) {
    bool present = inWide && firstNarrow + ownNarrow + narrowStep * h < narrowSize;
    if (present) total[h] = dp[target + (s64)narrowStep * h * narrowStride];
  }
#pragma unroll 1
  for (int firstRow = 0; firstRow < rows; firstRow += WEIGHT_WARPS) {
    float acc[NARROW] = {};
    int row = firstRow + warp;
    int end = row < rows ? offsets[row + 1] : 0;
    int start = row < rows ? offsets[row] : 0;
    TokenParts next;
    read(next, start, end);
#pragma unroll 1
    for (int from = start; from < end; from += TOKENS) {
      float value[TOKENS];
#pragma unroll
      for (int t = 0; t < TOKENS; t++) value[t] = next.wide[t];
      __syncwarp();  // the tokens before have been used
#pragma unroll
      for (int i = 0; i < TOKENS * NARROW / WARP; i++) {
        (&staged[warp][0][0])[i * WARP + lane] = next.narrow[i];
      }
      __syncwarp();
      read(next, from + TOKENS, end);
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
    for (int h = 0; h < WEIGHT_SUMS; h++) {
#pragma unroll
      for (int r = 0; r < WEIGHT_WARPS; r++) {
        float sum = sums[r][ownNarrow + narrowStep * h][ownWide];
        if (r < present) total[h] = fmaf(alpha, sum, total[h]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < WEIGHT_SUMS; h++) {
    bool present = inWide && firstNarrow + ownNarrow + narrowStep * h < narrowSize;
    if (present) dp[target + (s64)narrowStep * h * narrowStride] = total[h];
  }
}
