// Two products of the kind of product_wgmma.cu, forward with int8 weights, one behind the other in one launch:
//
//   y1[n, o] = sum over i of x1[n, i] * W1[o, i],   y2[n, o] = sum over i of x2[n, i] * W2[o, i]
//
// for one tile of ROWS few rows. A block has the run of each that it would have in a launch of its own, of the
// first and then of the second, so all sums have the bits of product_wgmma.cu. What is saved is the first one's
// end and the second's beginning: weight goes on streaming while the first's sums are put aside, exchanged and
// finished, and its other blocks are waited for.
//
// What follows the first product runs beside the second: the next kernel may begin, if it is launched early, as
// soon as this one has what it reads, and those of a relay (relay.cuh) then wait for the first product alone. They
// must not read the second or write what that reads (WarpgroupPair.java).
#define REGISTERS 88       // of a thread, a little more than half of a multiprocessor's
#define MULTIPLYING "112"  // of one that multiplies
#include "product_block.cuh"
#include "relay.cuh"

#define MADE_BARRIER 6  // the first product is made, as far as the block makes it

struct Product {
  float* y;             // [n, m]
  const u8* data;       // the weight
  const u8* rows;       // as pack_operand leaves them
  const float* absmax;  // [m]
  const void* bias;     // [m] or null
  int biasStorage;
  int m;
  int k;
  int stages;  // what Job has under these names
  int tiles;
  int runs;
  int cost;
  int flight;  // of both the same
  float4* aside;
  u32* counters;
};

static __device__ __forceinline__ Job job_of(const Product& of, int index, int groups) {
  return {of.data, of.rows, of.m, of.k, groups, (u32)of.stages, (u32)of.tiles, (u32)of.runs,
          (u32)of.flight, (u32)of.cost, index};
}

template <int WAY>
static __device__ __forceinline__ void make(
    const Product& of, int index, int n, int groups, Chain& chain) {
  if (blockIdx.x >= of.runs) return;
  Target out = {of.y, n, of.absmax, of.bias, of.biasStorage, 0, quads_align((u64)of.y, of.m)};
  make_run<WAY>(job_of(of, index, groups), 1, chain, out, of.aside, of.counters);
}

template <int FIRST, int SECOND>
static __device__ __forceinline__ void products(
    const Product& first, const Product& second, int n, int groups, u32* relay) {
  Ring ring = begin_ring();
  if (multiplies()) {
    take_registers();
    await_kernels_before();
    Chain chain(ring);
    make<FIRST>(first, 0, n, groups, chain);
    if (blockIdx.x < first.runs) arrive_for_announcer<MADE_BARRIER>();
    make<SECOND>(second, 1, n, groups, chain);
    return;
  }
  give_registers();
  int warp = threadIdx.x / WARP * WARP;
  Job one = job_of(first, 0, groups);
  Job two = job_of(second, 1, groups);
  if (threadIdx.x == ROW_COPIER) {
    await_kernels_before();
    Place place = {0, 0};
    if (blockIdx.x < first.runs) copy_rows<FIRST>(one, 1, ring, place);
    if (blockIdx.x < second.runs) copy_rows<SECOND>(two, 1, ring, place);
  } else if (warp == ANNOUNCER) {
    await_kernels_before();
    if (threadIdx.x == ANNOUNCER) {
      if (blockIdx.x == 0) begin_relay(relay);
      let_next_kernel_begin();
    }
    __syncwarp();
    if (blockIdx.x < first.runs) {
      announce_run<FIRST>(one, first.counters);
      await_consumers<MADE_BARRIER>();
      if (threadIdx.x == ANNOUNCER) first_is_made(relay, first.runs);
      __syncwarp();
    }
    if (blockIdx.x < second.runs) announce_run<SECOND>(two, second.counters);
  } else if (warp == WEIGHT_COPIER) {
    WeightCopier copier(first.flight);
    if (blockIdx.x < first.runs) copier.copy_run<FIRST>(one, 1, ring);
    if (blockIdx.x < second.runs) copier.copy_run<SECOND>(two, 1, ring);
  }
}

#define PRODUCTS(name, FIRST, SECOND)                                                              \
  extern "C" __global__ void __maxnreg__(REGISTERS) name(                                          \
      const __grid_constant__ Product first, const __grid_constant__ Product second, int n,        \
      int groups, u32* relay) {                                                                    \
    products<FIRST, SECOND>(first, second, n, groups, relay);                                      \
  }

PRODUCTS(chained_chained, CHAINED, CHAINED)
PRODUCTS(chained_shared, CHAINED, SHARED)
PRODUCTS(shared_chained, SHARED, CHAINED)
PRODUCTS(shared_shared, SHARED, SHARED)
