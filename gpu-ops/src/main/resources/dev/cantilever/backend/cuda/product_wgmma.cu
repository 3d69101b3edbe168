// Products of fp32 rows, rounded to bf16, with a frozen weight, by warpgroup products (sm_90a).
//
//   forward:  y[n, o]  = sum over i of x[n, i] * W[o, i]        M = O, K = I
//   gradient: dx[n, i] = sum over o of dy[n, o] * W[o, i]       M = I, K = O
//
// Compiled once per WEIGHT (INT8, BF16, F16), DIRECTION (FORWARD, GRADIENT) and ROWS, the rows n of a block,
// with STAGES of the ring; forward with int8 weights also with PARTS = 2, for the sum of two products:
//
//   y[n, o] = sum over i of x[n, i] * W[o, i] + sum over i of x2[n, i] * W2[o, i]
//
// Its inner dimension has two parts, the stages of x and W before those of x2 and W2.
// A block takes TILE_M of the M dimension; warps of it copy stages of STAGE_K inner elements of weight and
// rows into shared memory, two warpgroups multiply. The weight, as operand A, becomes bf16 in registers, once
// for all rows of the block; the rows are operand B. Which of the 16 inner indices of a product an element
// stands for is free as long as A and B agree; `pack_operand` writes the rows in the order that gives every
// lane whole 4 x 4 blocks of an int8 weight (Int8Layout.java), or 8 or 16 consecutive bytes of a 16-bit one,
// which is row-major with rows that are multiples of 16 bytes. An fp16 weight is the exact sum of two of
// bf16, which makes two products of it.
//
// Order of a sum (the same whatever n is): the inner dimension of a tile falls into segments, as `run_start`
// says; a segment is one chain of products in ascending order from zero; to the last segment the others are
// added in ascending order. There are three ways to do that, with the same bits:
//   in_turn  a block has whole tiles and makes their segments in that order, for many rows;
//   chained  a block has a run of stages that may end within a tile, and the block with a tile's last segment
//            adds the others' to its own, for one tile of rows;
//   shared   a block has a run of less than a tile, and all that have a segment of a tile add up a part of it
//            each, for one tile of rows where there are two multiprocessors or more for a tile.
//
// A product is brought onto the card while the kernel before it runs (early_launch.cuh), which is `pack_operand`
// or the one that made the rows and has put them rounded too (RoundedRows.java), and begins to copy the weight,
// which nothing launched just before has written. The one before was not launched early, or has waited itself for
// what it reads, so all in front of it is done; and whatever comes next waits for the product.
#include "product_block.cuh"

template <int WAY>
static __device__ __forceinline__ void product(
    const Job& job, Target& out, float4* aside, u32* counters) {
  Ring ring = begin_ring();
  int rowTiles = (out.n + ROWS - 1) / ROWS;
  if (multiplies()) {
    take_registers();
    await_kernels_before();
    Chain chain(ring);
    make_run<WAY, 0>(job, rowTiles, chain, out, aside, counters);
    return;
  }
  give_registers();
  int warp = threadIdx.x / WARP * WARP;
  if (threadIdx.x == ROW_COPIER) {
    await_kernels_before();
    Place place = {0, 0};
    copy_rows<WAY>(job, rowTiles, ring, place);
  } else if (WAY != IN_TURN && warp == ANNOUNCER) {
    await_kernels_before();
    announce_run<WAY, 0>(job, counters);
  } else if (warp >= WEIGHT_COPIER && threadIdx.x < WEIGHT_COPIER + COPIERS) {
    WeightCopier copier(job.flight);
    copier.copy_run<WAY>(job, rowTiles, ring);
  }
}

#if PARTS == 2
#define MORE_PARAMETERS                                                                            \
  , int first, const u8* data2, const u8* rows2, int k2, const float* absmax2, const void* bias2, \
      int biasStorage2
#define MORE_OF_JOB , (u32)first, absmax, {data2, rows2, k2, absmax2}
#define OUTPUT_SCALE 0
#define MORE_OF_TARGET , bias2, biasStorage2
#else
#define MORE_PARAMETERS
#define MORE_OF_JOB
#define OUTPUT_SCALE absmax
#define MORE_OF_TARGET
#endif

#define PRODUCT(name, WAY)                                                                         \
  extern "C" __global__ void __launch_bounds__(THREADS, FEW ? 2 : 1) name(                         \
      float* y, const u8* data, const u8* rows, int m, int k, int n, int groups, int stages,       \
      int tiles, int runs, int flight, int cost, const float* absmax, const void* bias,            \
      int biasStorage, const float* addend, float4* aside, u32* counters MORE_PARAMETERS) {       \
    Job job = {data, rows, m, k, groups, (u32)stages, (u32)tiles, (u32)runs, (u32)flight,          \
               (u32)cost MORE_OF_JOB};                                                             \
    bool wide = quads_align((u64)y | (u64)addend, m);                                              \
    Target out = {y, n, OUTPUT_SCALE, bias, biasStorage, addend, wide MORE_OF_TARGET};                \
    product<WAY>(job, out, aside, counters);                                                       \
  }

PRODUCT(in_turn, IN_TURN)
PRODUCT(chained, CHAINED)
PRODUCT(shared, SHARED)

// The rows as operand B, as rounded_rows.cuh says: x[n][k], times absmax[k] / 127 where given, rounded to bf16,
// zero behind n and k. For a FORWARD weight of 16 bits pieces 2 * i and 2 * i + 1 have of four inner elements
// {0, 1} and {2, 3}, and of the fours 8 * (i / 2) + 2 * t + i % 2 (see `fragments`). A warp has 8 rows of a stage.
extern "C" __global__ void pack_operand(
    u16* rows, const float* x, int n, int k, int groups, int stages, const float* absmax) {
  let_next_kernel_begin();
  int lane = threadIdx.x % WARP;
  int stage = blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
  if (stage >= stages) return;
  int row = blockIdx.y * 8 + lane % 8;
  int i = lane / 8;
  bool wide = quads_align((u64)x, k);
  u32 even[4];
  u32 odd[4];
#pragma unroll
  for (int t = 0; t < 4; t++) {
#if WEIGHT != INT8 && DIRECTION == FORWARD
    int at = stage * STAGE_K + 4 * (8 * (i / 2) + 2 * t + i % 2);
#else
    int at = stage * STAGE_K + 4 * (4 * i + t);
#endif
    quad q = load_quad(x + (s64)row * k, at, row < n ? k - at : 0, wide);
    if (absmax != 0) {
#pragma unroll
      for (int e = 0; e < 4; e++) q.e[e] *= at + e < k ? absmax[at + e] / 127.0f : 0;
    }
#if WEIGHT != INT8 && DIRECTION == FORWARD
    even[t] = pack_bfloats(q.e[0], q.e[1]);
    odd[t] = pack_bfloats(q.e[2], q.e[3]);
#else
    uint2 words = rounded_words(q);
    even[t] = words.x;
    odd[t] = words.y;
#endif
  }
  u16* to = rows + rounded_at(groups, row, stage * STAGE_K + 16 * i);
  *(uint4*)to = make_uint4(even[0], even[1], even[2], even[3]);
  *(uint4*)(to + ODD) = make_uint4(odd[0], odd[1], odd[2], odd[3]);
}
