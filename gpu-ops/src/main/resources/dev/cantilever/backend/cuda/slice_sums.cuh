// Products with small fp32 matrices P [O, I] along a long inner dimension, in slices of it: a block makes the
// sums of one slice, for some rows and LONG_COLUMNS columns. How a sum is cut follows from the inner dimension
// alone: a warp has every eighth quad of the slice as one chain, and the warps' sums are added in order.

#define SLICE 256         // inner elements of a block
#define LONG_COLUMNS 16   // of a block
#define LONG_THREADS 256
#define LONG_WARPS (LONG_THREADS / WARP)
#define SLICE_QUADS (SLICE / 4)
#define COLUMN_QUADS (LONG_COLUMNS * SLICE_QUADS / LONG_THREADS)  // of columns that a thread loads

static __device__ __forceinline__ void put_quad(float* target, const quad& q) {
  *(float4*)target = make_float4(q.e[0], q.e[1], q.e[2], q.e[3]);
}

// Where a vector along the inner dimension has its quads: those of eight vectors on different banks.
static __device__ __forceinline__ int slice_at(int vector, int quad) {
  return vector * SLICE + (quad ^ vector % 8) * 4;
}

// Where a block's sums go.
struct SliceSums {
  float* first;  // of the block's first row and column
  int pitch;     // between rows
  int rows;      // that are written, up to the block's
  int columns;
};

// Sums over inner elements [from, from + SLICE) for ROWS rows from firstRow and LONG_COLUMNS columns from
// firstColumn on, zeros where P has none. A thread has every eighth row and, of the columns, four.
template <bool GRADIENT, int ROWS>
static __device__ __forceinline__ void slice_sums(
    const SliceSums& target,
    const float* x,
    int xPitch,
    int rows,
    int firstRow,
    const float* p,
    int out,
    int in,
    int firstColumn,
    int from) {
  constexpr int ROW_QUADS = ROWS * SLICE_QUADS / LONG_THREADS;  // of rows that a thread loads
  __shared__ __align__(16) float left[ROWS * SLICE];  // by slice_at; later the warps' sums
  __shared__ __align__(16) float right[LONG_COLUMNS * SLICE];  // by slice_at, or [SLICE, LONG_COLUMNS]
  int depth = GRADIENT ? out : in;
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
  float acc[ROWS / 8][4] = {};
#pragma unroll 2
  for (int q = warp; q < SLICE_QUADS; q += LONG_WARPS) {
    float4 b[4];
#pragma unroll
    for (int c = 0; c < 4; c++) {
      b[c] = *(const float4*)(right
          + (GRADIENT ? (4 * q + c) * LONG_COLUMNS + 4 * ownColumn : slice_at(ownColumn + 4 * c, q)));
    }
#pragma unroll
    for (int i = 0; i < ROWS / 8; i++) {
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
  float* sums = left + warp * ROWS * LONG_COLUMNS;
#pragma unroll
  for (int i = 0; i < ROWS / 8; i++) {
#pragma unroll
    for (int c = 0; c < 4; c++) {
      int column = GRADIENT ? 4 * ownColumn + c : ownColumn + 4 * c;
      sums[(ownRow + 8 * i) * LONG_COLUMNS + column] = acc[i][c];
    }
  }
  __syncthreads();
  for (int e = threadIdx.x; e < ROWS * LONG_COLUMNS; e += LONG_THREADS) {
    int row = e / LONG_COLUMNS;
    int column = e % LONG_COLUMNS;
    float sum = left[e];
#pragma unroll
    for (int w = 1; w < LONG_WARPS; w++) sum += left[w * ROWS * LONG_COLUMNS + e];
    if (row < target.rows && column < target.columns) {
      target.first[(s64)row * target.pitch + column] = sum;
    }
  }
}
