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
// which nothing launched just before has written. The one before was not launched early, so it has waited for
// all in front of it, and whatever comes next waits for the product.
#ifndef PARTS
#define PARTS 1
#endif

#include "prelude.cuh"
#include "early_launch.cuh"
#include "rounded_rows.cuh"
#include "weight_fragments.cuh"
#include "bulk_copy.cuh"
#include "wgmma.cuh"
#include "product_runs.cuh"

#define GROUPS 2                     // warpgroups that multiply
#define GROUP_M 128                  // of M that a warpgroup has: two products of 64
#define TILE_M (GROUPS * GROUP_M)
#define CONSUMERS (GROUPS * 4 * WARP)
#define THREADS (CONSUMERS + 4 * WARP)
#define HALVES (WEIGHT == F16 ? 2 : 1)  // products that an element of the weight makes
#define COPIERS (WEIGHT == INT8 ? WARP : 2 * WARP)  // threads that copy weight
#define WEIGHT_ARRIVALS (WEIGHT == INT8 ? 1 : COPIERS)  // at the barrier of a stage that they have copied
#define WEIGHT_BYTES (TILE_M * STAGE_K * (WEIGHT == INT8 ? 1 : 2))
#define ROW_BYTES (ROWS * STAGE_K * 2)
#define STAGE_BYTES (WEIGHT_BYTES + ROW_BYTES)
#define SUMS_EACH (ROWS / 2)         // of a thread in each of its two products

// Registers of a thread that copies and of one that multiplies. A block of few rows is launched with half of
// a multiprocessor's, so that small kernels run beside it.
#define FEW (WEIGHT == INT8 && ROWS <= 32)
#define COPYING "40"
#if FEW
#define MULTIPLYING "96"
#else
#define MULTIPLYING "232"
#endif

#include "product_sums.cuh"

// A place in the ring of stages.
struct Place {
  int slot;
  u32 parity;

  __device__ __forceinline__ void advance() {
    if (++slot == STAGES) {
      slot = 0;
      parity ^= 1;
    }
  }
};

#include "product_copies.cuh"

// ---- multiplying -----------------------------------------------------------------------------

#define STEPS (STAGE_K / STEP_K)

#if WEIGHT == INT8
// Where a stage has the lane's 4 x 4 block of its warp's 32 of M for the first 16 inner elements, and how
// far it is from there to the block for the 16 inner elements `q`.
static __device__ __forceinline__ u32 first_block() {
  int warp = threadIdx.x / WARP;
  int g = threadIdx.x % WARP / 4;
  int t = threadIdx.x % 4;
  return DIRECTION == FORWARD ? warp * 2048 + (g * 8 + t) * 16 : warp * 1024 + (t * 8 + g) * 16;
}

static __device__ __forceinline__ u32 block_offset(int q) {
  return DIRECTION == FORWARD ? q / 2 * 1024 + q % 2 * 64 : q / 2 * (TILE_M / 32 * 1024) + q % 2 * 512;
}

static __device__ __forceinline__ uint4 weight_block(u32 at) {
  uint4 block;
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(block.x), "=r"(block.y), "=r"(block.z), "=r"(block.w)
               : "r"(at));
  return block;
}
#endif

// What product q of a stage needs of the weight beyond what those before it do; `first` as first_block.
static __device__ __forceinline__ void load_words(Step steps[STEPS], u32 weights, u32 first, int q) {
#if WEIGHT == INT8
  steps[0].word[q] = weight_block(weights + first + block_offset(q));
#else
  int warp = threadIdx.x / WARP;
  int g = threadIdx.x % WARP / 4;
  int t = threadIdx.x % 4;
  Step& step = steps[q / STEP_MMAS];
#if DIRECTION == FORWARD
  if (q % STEP_MMAS != 0) return;
#pragma unroll
  for (int r = 0; r < 4; r++) {
    int row = 32 * warp + 4 * g + r;
    u32 at = weights + (row * PIECES + piece_at(row, q / STEP_MMAS * 4 + t)) * 16;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(step.word[r].x), "=r"(step.word[r].y), "=r"(step.word[r].z), "=r"(step.word[r].w)
                 : "r"(at));
  }
#else
#pragma unroll
  for (int r = 0; r < 4; r += 2) {
    int row = 16 * q + 4 * t + r;
    u32 at = weights + (row * PIECES + piece_at(row, 4 * warp + g / 2)) * 16 + g % 2 * 8;
    uint4& word = step.word[q % STEP_MMAS * 2 + r / 2];
    asm volatile("ld.shared.v2.u32 {%0, %1}, [%2];" : "=r"(word.x), "=r"(word.y) : "r"(at));
    asm volatile("ld.shared.v2.u32 {%0, %1}, [%2];" : "=r"(word.z), "=r"(word.w) : "r"(at + PIECES * 16));
  }
#endif
#endif
}

// What a warpgroup's chain of products goes through: the ring, and the barrier of the stage before, which its
// products may still read.
struct Ring {
  u32 shared;
  u32 full;
  u32 empty;
  Place place;
  u32 before;

  __device__ __forceinline__ u32 await_stage() const {
    barrier_wait(full + 8 * place.slot, place.parity);
    return shared + place.slot * STAGE_BYTES;
  }

  __device__ __forceinline__ void release_before() const {
    if (before != 0 && threadIdx.x % (4 * WARP) == 0) barrier_arrive(before);
  }

  __device__ __forceinline__ void advance() {
    before = empty + 8 * place.slot;
    place.advance();
  }
};

// Both products of 16 inner elements with operand B `rows`, enqueued; `add` as in wgmma.
static __device__ __forceinline__ void multiply_step(
    float c[2][SUMS_EACH], const u32 a[2][4], u64 rows, int add) {
  wgmma<ROWS>(c[0], a[0], rows, add);
  wgmma<ROWS>(c[1], a[1], rows, add);
}

// c = a chain of products; goes on with c where `add`, else its first products begin it.
static __device__ __forceinline__ void multiply(
    float c[2][SUMS_EACH], u32 stages, Ring& ring, u32 twice128, int add) {
  u32 a[2][HALVES][2][4];
#if WEIGHT == INT8
  u32 first = first_block();
#else
  u32 first = 0;
#endif
  ring.before = 0;
#pragma unroll 1
  for (; stages > 0; stages--) {
    u32 at = ring.await_stage();
    Step steps[STEPS];
    load_words(steps, at, first, 0);
    u64 rows = wgmma_operand(at + WEIGHT_BYTES, 128, 1024);
#pragma unroll
    for (int q = 0; q < 4; q++) {
      if (q < 3) load_words(steps, at, first, q + 1);
      u32(*now)[2][4] = a[q % 2];
      fragments(now[0], steps[q / STEP_MMAS], q % STEP_MMAS, twice128);
#if WEIGHT == F16
#pragma unroll
      for (int i = 0; i < 8; i++) split(now[0][i / 4][i % 4], now[1][i / 4][i % 4], now[0][i / 4][i % 4]);
#endif
#if WEIGHT == BF16  // made before the fence: some were behind it otherwise, and products one by one
#pragma unroll
      for (int i = 0; i < 8; i++) asm volatile("" : "+r"(now[0][i / 4][i % 4]));
#endif
      wgmma_fence();
#pragma unroll
      for (int half = 0; half < HALVES; half++) {
        multiply_step(c, now[half], rows + q * 16, add);
        add = 1;
      }
      wgmma_commit();
      wgmma_wait<1>();
      if (q == 0) ring.release_before();
    }
    ring.advance();
  }
  wgmma_wait<0>();
  ring.release_before();
}

// c = the segment's chain of products. Of two parts it comes scaled: what the first has made is brought to the
// scale of the second's before that goes on.
static __device__ __forceinline__ void multiply_segment(
    float c[2][SUMS_EACH], const Job& job, const Segment& segment, Ring& ring, u32 twice128) {
#if PARTS == 2
  u32 first = segment.from < job.first ? min(segment.count, job.first - segment.from) : 0;
#pragma unroll 1
  for (int part = 0; part < 2; part++) {
    u32 stages = part == 0 ? first : segment.count - first;
    if (stages == 0) continue;
    multiply(c, stages, ring, twice128, part == 1 && first > 0);
    scale_part(c, job, segment, part, first > 0 && first < segment.count);
  }
#else
  multiply(c, segment.count, ring, twice128, 0);
#endif
}

#include "product_exchange.cuh"

template <int WAY>
static __device__ __forceinline__ void product(
    const Job& job, Target& out, float4* aside, u32* counters) {
  extern __shared__ __align__(1024) u8 ring[];
  __shared__ u64 barriers[2 * STAGES];
  __shared__ u32 twice128;
  u32 shared = shared_address(ring);
  u32 full = shared_address(barriers);
  u32 empty = full + 8 * STAGES;
  if (threadIdx.x == 0) {
    twice128 = TWICE_128;
    for (int i = 0; i < STAGES; i++) {
      barrier_init(full + 8 * i, 1 + WEIGHT_ARRIVALS);
      barrier_init(empty + 8 * i, GROUPS);
    }
    barrier_init_done();
  }
  __syncthreads();
  int rowTiles = (out.n + ROWS - 1) / ROWS;
  if (threadIdx.x >= CONSUMERS) {  // a warpgroup gives its registers away; warps of it copy
    asm volatile("setmaxnreg.dec.sync.aligned.u32 " COPYING ";");
    int warp = threadIdx.x / WARP * WARP;
    if (threadIdx.x == CONSUMERS) copy_rows<WAY>(job, rowTiles, shared, full, empty);
    if (WAY != IN_TURN && warp == ANNOUNCER) {
      await_kernels_before();
      announce_run<WAY>(job, counters);
    }
    if (warp > ANNOUNCER && threadIdx.x < ANNOUNCER + WARP + COPIERS) {
      copy_weight<WAY>(job, rowTiles, shared, full, empty);
    }
    return;
  }
  asm volatile("setmaxnreg.inc.sync.aligned.u32 " MULTIPLYING ";");
  await_kernels_before();
  Segments<WAY> segments(job, rowTiles);
  Segment segment;
  bool again = false;
  Ring through = {shared, full, empty, {0, 0}, 0};
  float c[2][SUMS_EACH];
  while (segments.take(segment)) {
    bool last = segment.last(job);
    u32 index = segment.tile * rowTiles + segment.rows;
    multiply_segment(c, job, segment, through, *(volatile u32*)&twice128);
    if (WAY == IN_TURN) {  // had again rather than kept: registers are short while products run
      asm volatile("" : "+r"(index));
      segment.tile = index / rowTiles;
      segment.rows = index % rowTiles;
    }
    int present = out.n - segment.rows * ROWS;
    float4* quads = quads_of(aside, WAY == IN_TURN ? blockIdx.x : segment.run);
    if (WAY == IN_TURN) {
      if (!last) add_aside(c, quads, present);
      if (segments.turn != Segments<WAY>::NONE) {
        put_aside(quads, c, present);
        continue;
      }
      out.begin(job, segment.tile);
    } else if (WAY == SHARED) {
      out.begin(job, segment.tile);
      put_aside(quads_of(asides_of(aside, segment), segment.run), c, present);
      sums_are_aside(again);
      again = true;
      continue;
    } else if (!last) {
      put_aside(quads, c, present);
      sums_are_aside(false);
      continue;
    } else {
      out.begin(job, segment.tile);
      u32 first = segment.first(job);
      if (first < segment.run) {
        await(counters + 2 * segment.tile, segment.run - first);
        if (threadIdx.x == 0) counters[2 * segment.tile] = 0;
#pragma unroll 1
        for (u32 run = first; run < segment.run; run++) {
          add_aside(c, quads_of(aside, run), present);
        }
      }
    }
    store(out, job, segment, c);
  }
  if (WAY == SHARED && again) {
#pragma unroll 1
    while (true) {
      finish_shared(out, job, segment.tile, aside, counters);
      segment.tile++;
      if (segment.tile * job.stages >= run_start(job, blockIdx.x + 1)) break;
      out.begin(job, segment.tile);
    }
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
