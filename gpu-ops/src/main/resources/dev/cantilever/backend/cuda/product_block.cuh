// A block of the products by warpgroups (product_wgmma.cu, product_pair.cu): its sizes, its ring of stages in
// shared memory, and what it does for its run of a product. WEIGHT, DIRECTION, ROWS, STAGES and PARTS are what
// these files are compiled for.
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
#ifdef MULTIPLYING
#elif FEW
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

// Where the ring lies, as addresses of shared memory.
struct Ring {
  u32 stages;
  u32 full;   // barriers of the stages that have come
  u32 empty;  // and of those that are multiplied

  __device__ __forceinline__ u32 at(const Place& place) const { return stages + place.slot * STAGE_BYTES; }

  // The constant of `fragments`, behind the barriers.
  __device__ __forceinline__ u32 twice128() const {
    u32 word;
    asm volatile("ld.shared.u32 %0, [%1];" : "=r"(word) : "r"(empty + 8 * STAGES));
    return word;
  }
};

// By all threads.
static __device__ __forceinline__ Ring begin_ring() {
  extern __shared__ __align__(1024) u8 stages[];
  __shared__ u64 barriers[2 * STAGES + 1];
  u32 full = shared_address(barriers);
  Ring ring = {shared_address(stages), full, full + 8 * STAGES};
  if (threadIdx.x == 0) {
    barriers[2 * STAGES] = TWICE_128;
    for (int i = 0; i < STAGES; i++) {
      barrier_init(ring.full + 8 * i, 1 + WEIGHT_ARRIVALS);
      barrier_init(ring.empty + 8 * i, GROUPS);
    }
    barrier_init_done();
  }
  __syncthreads();
  return ring;
}

#include "product_copies.cuh"
#include "product_multiply.cuh"
#include "product_exchange.cuh"

// Warps of the third warpgroup, which gives its registers to the others, by their first threads: one of ROW_COPIER
// copies rows, ANNOUNCER tells other blocks what is aside, the warps from WEIGHT_COPIER on copy weight.
#define ROW_COPIER CONSUMERS
#define WEIGHT_COPIER (ANNOUNCER + WARP)

static __device__ __forceinline__ bool multiplies() { return threadIdx.x < CONSUMERS; }

static __device__ __forceinline__ void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 " MULTIPLYING ";");
}

static __device__ __forceinline__ void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 " COPYING ";");
}

// The warpgroups that multiply: the sums of all segments of the block, and those that it finishes, for product
// INDEX of the launch.
template <int WAY, int INDEX>
static __device__ __forceinline__ void make_run(
    const Job& job, int rowTiles, Chain& chain, Target& out, float4* aside, u32* counters) {
  Segments<WAY> segments(job, rowTiles);
  Segment segment;
  bool again = false;
  float c[2][SUMS_EACH];
  while (segments.take(segment)) {
    bool last = segment.last(job);
    u32 index = segment.tile * rowTiles + segment.rows;
    multiply_segment(c, job, segment, chain);
    if (WAY == IN_TURN) {  // had again rather than kept: registers are short while products run
      asm volatile("" : "+r"(index));
      segment.tile = index / rowTiles;
      segment.rows = index % rowTiles;
    } else {  // made again too: places of y would be found before the products
      asm volatile("" : "+r"(segment.rows));
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
      put_aside(quads_of(asides_of(aside, segment), segment.run), c, present);
      sums_are_aside<INDEX>(again);
      again = true;
      continue;
    } else if (!last) {
      put_aside(quads, c, present);
      sums_are_aside<INDEX>(false);
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
    for (u32 tile = segment.tile; tile * job.stages < run_start(job, blockIdx.x + 1); tile++) {
      out.begin(job, tile);
      finish_shared(out, job, tile, aside, counters);
    }
  }
}
