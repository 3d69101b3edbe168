// Low-rank branches of a linear layer (Hu et al. 2021), all of a call in two launches:
//
//   low_rank_slices:  sums over slices of the inner dimension of h = x * A^T, of all terms side by side
//   low_rank_outputs: h, and y[n, column + o] += scale * sum over r of h[n, r] * B[o, r], term after term
//
// An h is its slices' sums added in an order that follows from the number of slices alone, times scale; an
// element of y goes on from what it is with one chain of fused multiply-adds, term after term, r ascending.
//
// Every block of low_rank_outputs adds the slices of its own rows' h again. The other way, that the block of
// low_rank_slices which ends last adds them once, puts a fence, an atomic and a round of reading one after the
// other between the two: three ways to L2, by estimate 2 us. Adding again costs, of 16 rows of 6,144 inputs and
// rank 16, 24 KB from L2 beside 48 KB of y and B: six reads of each thread, all under way together. One row of
// 4,096 inputs is 1 KB a term. Of many rows it would become as much as y itself; there blocks take several tiles
// of columns and add once (18,432 columns: 72 times with 32 rows, 36 with 160, 3 with 2,560).
#include "prelude.cuh"
#include "early_launch.cuh"
#include "relay.cuh"
#include "async_copy.cuh"
#include "slice_sums.cuh"

#define RANKS LONG_COLUMNS  // of a term that a block has at once; each term takes whole RANKS of h

struct Term {
  const float* a;  // [rank, inputs]
  const float* b;  // [outputs, rank]
  float scale;
  int rank;
  int column;  // of y, of its first output
  int tile;    // its first RANKS of h, counted over all terms
};

#define MOST_TERMS 8

struct Terms {
  Term of[MOST_TERMS];
};

// ---- h in slices --------------------------------------------------------------------------------

#define SLICE_ROWS 16  // of a block

// partial [tiles, slices, rows, RANKS], zeros beyond a term's rank. Block (rows, tile, slice).
extern "C" __global__ void __launch_bounds__(LONG_THREADS, 4) low_rank_slices(
    float* partial, const float* x, int rows, int in, int count, const __grid_constant__ Terms terms,
    const __grid_constant__ Relay relay) {
  let_next_kernel_begin();
  if (relay.before != 0) {  // which reads what is written here
    if (threadIdx.x == 0) relay.await();
    __syncthreads();
  }
  int which = 0;
  while (which + 1 < count && terms.of[which + 1].tile <= blockIdx.y) which++;
  const Term& term = terms.of[which];
  int firstRow = blockIdx.x * SLICE_ROWS;
  s64 slice = (s64)blockIdx.y * gridDim.z + blockIdx.z;
  SliceSums target;
  target.first = partial + (slice * rows + firstRow) * RANKS;
  target.pitch = RANKS;
  target.rows = rows - firstRow;
  target.columns = RANKS;
  slice_sums<false, SLICE_ROWS>(
      target, x, in, rows, firstRow, term.a, term.rank, in, ((int)blockIdx.y - term.tile) * RANKS,
      blockIdx.z * SLICE);
  relay.done();
}

// ---- y += scale * h * B^T -----------------------------------------------------------------------

#define APPLY_THREADS 256
#define APPLY_ROWS 16
#define APPLY_COLUMNS 256                          // four neighbours a thread
#define ROW_STEP (4 * APPLY_THREADS / APPLY_COLUMNS)  // between the rows of a thread
#define OWN_ROWS (APPLY_ROWS / ROW_STEP)
#define ADDERS (4 * APPLY_THREADS / (APPLY_ROWS * RANKS))  // threads that share the slices of four sums
#define BATCH 6                                    // slices that a thread reads together
#define RESIDENT 8                                 // RANKS of h that a block keeps for all its columns

// Columns of y that the same terms add to.
struct Range {
  int column;
  int columns;
  int firstBlock;
  u32 terms;  // a bit for each
};

#define MOST_RANGES (2 * MOST_TERMS - 1)

struct Ranges {
  Range of[MOST_RANGES];
};

// Where a column of APPLY_COLUMNS has four ranks of B, from `r` on: eight threads of a warp that read every
// fourth column find them on different banks, and so do eight that copy two columns.
#define PLANE (APPLY_COLUMNS / 4 * RANKS + 16)

static __device__ __forceinline__ int factors_at(int column, int r) {
  int own = column / 4;
  return column % 4 * PLANE + own * RANKS + (r ^ own / 2 % 4 * 4);
}

// Begins to copy RANKS from `k` on of `count` outputs, of which b is the first, COUNT elements at a time; zeros
// for what is not there.
template <int COUNT>
static __device__ __forceinline__ void begin_copies(
    float* right, const float* b, int rank, int count, int k) {
  constexpr int STEP = APPLY_THREADS * COUNT / RANKS;  // between the columns of a thread
  int own = threadIdx.x / (RANKS / COUNT);
  int r = threadIdx.x % (RANKS / COUNT) * COUNT;
  if (k + r >= rank) count = 0;
  const float* from = b + (s64)own * rank + k + r;
#pragma unroll 4
  for (int i = 0; i < APPLY_COLUMNS / STEP; i++) {
    int column = own + STEP * i;
    begin_copy<4 * COUNT>(right + factors_at(column, r / 4 * 4) + r % 4, from, column < count);
    from += STEP * (s64)rank;
  }
}

// scale * h for RANKS of the block's rows, from `tile` of partial. Of each four sums a thread adds every
// ADDERS-th slice; then these are added in order. The caller's next barrier makes `h` whole.
static __device__ __forceinline__ void add_slices(
    float (*h)[RANKS],
    float (*sums)[APPLY_ROWS * RANKS],
    const float* partial,
    s64 tile,
    float scale,
    int slices,
    int firstRow,
    int rows) {
  int own = threadIdx.x % (APPLY_ROWS * RANKS / 4) * 4;
  int adder = threadIdx.x / (APPLY_ROWS * RANKS / 4);
  bool present = firstRow + own / RANKS < rows;
  s64 stride = (s64)rows * RANKS;
  const float* source = partial + tile * slices * stride + (s64)firstRow * RANKS + own;
  float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 1
  for (int from = present ? adder : slices; from < slices; from += BATCH * ADDERS) {
    float4 read[BATCH];
#pragma unroll
    for (int i = 0; i < BATCH; i++) {
      int slice = from + i * ADDERS;
      read[i] = slice < slices ? __ldcg((const float4*)(source + slice * stride))
                               : make_float4(0, 0, 0, 0);
    }
#pragma unroll
    for (int i = 0; i < BATCH; i++) {
      sum = make_float4(sum.x + read[i].x, sum.y + read[i].y, sum.z + read[i].z, sum.w + read[i].w);
    }
  }
  *(float4*)&sums[adder][own] = sum;
  __syncthreads();
#pragma unroll
  for (int e = threadIdx.x; e < APPLY_ROWS * RANKS; e += APPLY_THREADS) {
    float total = sums[0][e];
#pragma unroll
    for (int i = 1; i < ADDERS; i++) total += sums[i][e];
    (&h[0][0])[e] = scale * total;
  }
}

// value += h * B^T for RANKS, of the thread's rows and four columns. Rows that are not there cost nothing.
static __device__ __forceinline__ void multiply(
    quad (&value)[OWN_ROWS], float (*h)[RANKS], const float* right, int rows) {
  int ownRow = threadIdx.x / (APPLY_COLUMNS / 4);
  int ownColumn = threadIdx.x % (APPLY_COLUMNS / 4) * 4;
#pragma unroll
  for (int k = 0; k < RANKS; k += 4) {
    float4 b[4];
#pragma unroll
    for (int c = 0; c < 4; c++) b[c] = *(const float4*)(right + factors_at(ownColumn + c, k));
#pragma unroll
    for (int i = 0; i < OWN_ROWS; i++) {
      int row = ownRow + ROW_STEP * i;
      if (row < rows) {
        float4 a = *(const float4*)&h[row][k];
#pragma unroll
        for (int c = 0; c < 4; c++) {
          value[i].e[c] = fmaf(a.x, b[c].x, value[i].e[c]);
          value[i].e[c] = fmaf(a.y, b[c].y, value[i].e[c]);
          value[i].e[c] = fmaf(a.z, b[c].z, value[i].e[c]);
          value[i].e[c] = fmaf(a.w, b[c].w, value[i].e[c]);
        }
      }
    }
  }
}

// What a block does next: RANKS of a term, from k on, for APPLY_COLUMNS of its range.
struct Step {
  int from;  // first column, in the range
  u32 left;  // terms, of which this is the first
  int k;
  int tile;  // its RANKS, counted over the range's terms

  __device__ __forceinline__ const Term& term(const Terms& terms) const {
    return terms.of[__ffs(left) - 1];
  }

  __device__ __forceinline__ Step next(const Range& range, const Terms& terms) const {
    if (k + RANKS < term(terms).rank) return {from, left, k + RANKS, tile + 1};
    u32 others = left & (left - 1);
    if (others != 0) return {from, others, 0, tile + 1};
    return {from + APPLY_COLUMNS, range.terms, 0, 0};
  }
};

// Block (rows, columns): of one range `tilesEach` tiles of APPLY_COLUMNS. partial is that of low_rank_slices.
// What does not depend on that kernel, y and B, is read before it has ended, y in a relay behind the product; and
// B of the next step, and y of the next columns, while these are multiplied.
extern "C" __global__ void __launch_bounds__(APPLY_THREADS, 3) low_rank_outputs(
    float* y,
    int yPitch,
    const float* partial,
    int rows,
    int slices,
    int tilesEach,
    int count,
    const __grid_constant__ Ranges ranges,
    const __grid_constant__ Terms terms,
    const __grid_constant__ Relay relay) {
  let_next_kernel_begin();
  __shared__ __align__(16) float right[2][4 * PLANE];
  __shared__ __align__(16) float h[RESIDENT][APPLY_ROWS][RANKS];
  __shared__ __align__(16) float sums[ADDERS][APPLY_ROWS * RANKS];
  int which = 0;
  while (which + 1 < count && ranges.of[which + 1].firstBlock <= blockIdx.y) which++;
  const Range& range = ranges.of[which];
  int firstRow = blockIdx.x * APPLY_ROWS;
  int own = threadIdx.x % (APPLY_COLUMNS / 4) * 4;
  int ownRow = firstRow + threadIdx.x / (APPLY_COLUMNS / 4);
  int first = ((int)blockIdx.y - range.firstBlock) * tilesEach * APPLY_COLUMNS;
  int end = min(range.columns, first + tilesEach * APPLY_COLUMNS);
  int tiles = 0;
  for (u32 left = range.terms; left != 0; left &= left - 1) {
    tiles += (terms.of[__ffs(left) - 1].rank + RANKS - 1) / RANKS;
  }
  float* target = y + (s64)ownRow * yPitch + range.column + own;
  bool wideY = quads_align((u64)(y + range.column), yPitch);
  auto load = [&](quad(&value)[OWN_ROWS], int from) {  // all at once
#pragma unroll
    for (int i = 0; i < OWN_ROWS; i++) {
      int there = ownRow + ROW_STEP * i < rows ? end - from - own : 0;
      value[i] = load_quad(target + from, (s64)ROW_STEP * i * yPitch, there, wideY);
    }
  };
  auto copy = [&](float* to, const Step& step) {
    const Term& term = step.term(terms);
    const float* b = term.b + (s64)(range.column + step.from - term.column) * term.rank;
    if (quads_align((u64)term.b, term.rank)) {
      begin_copies<4>(to, b, term.rank, end - step.from, step.k);
    } else {
      begin_copies<1>(to, b, term.rank, end - step.from, step.k);
    }
  };
  Step step = {first, range.terms, 0, 0};
  int buffer = 0;
  quad value[OWN_ROWS];
  copy(right[0], step);
  commit_copies();
  if (relay.present()) {
    if (threadIdx.x == 0) relay.await();
    __syncthreads();
    load(value, first);
  } else {
    load(value, first);
    await_kernels_before();  // all blocks do: the next kernel may rely on it
  }
#pragma unroll 1
  while (step.from < end) {
    Step next = step.next(range, terms);
    bool last = next.from != step.from;  // of these columns
    quad following[OWN_ROWS];
    if (next.from < end) {
      if (last) load(following, next.from);
      copy(right[1 - buffer], next);
    }
    commit_copies();
    float(*factors)[RANKS] = h[step.tile % RESIDENT];
    if (step.from == first || tiles > RESIDENT) {
      const Term& term = step.term(terms);
      add_slices(
          factors, sums, partial, term.tile + step.k / RANKS, term.scale, slices, firstRow, rows);
    }
    await_copies_before<1>();
    __syncthreads();
    multiply(value, factors, right[buffer], rows - firstRow);
    if (last) {
#pragma unroll
      for (int i = 0; i < OWN_ROWS; i++) {
        int there = ownRow + ROW_STEP * i < rows ? end - step.from - own : 0;
        store_quad(target + step.from, (s64)ROW_STEP * i * yPitch, there, wideY, value[i]);
        value[i] = following[i];
      }
    }
    __syncthreads();
    buffer = 1 - buffer;
    step = next;
  }
  relay.done();
}
