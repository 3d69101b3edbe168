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
  float4* aside;
  u32* counters;

  __device__ __forceinline__ bool has_run() const { return (int)blockIdx.x < runs; }

  __device__ __forceinline__ Job job(int groups, int flight) const {
    return {data, rows, m, k, groups, (u32)stages, (u32)tiles, (u32)runs, (u32)flight, (u32)cost};
  }
};

template <int WAY, int INDEX>
static __device__ __forceinline__ void make(const Product& of, const Job& job, int n, Chain& chain) {
  Target out = {of.y, n, of.absmax, of.bias, of.biasStorage, 0, quads_align((u64)of.y, of.m)};
  make_run<WAY, INDEX>(job, 1, chain, out, of.aside, of.counters);
}

template <int FIRST, int SECOND>
static __device__ __forceinline__ void products(
    const Product& first, const Product& second, int n, int groups, int flight, u32* relay) {
  Job one = first.job(groups, flight);
  Job two = second.job(groups, flight);
  bool makesFirst = first.has_run();
  bool makesSecond = second.has_run();
  Ring ring = begin_ring();
  if (multiplies()) {
    take_registers();
    await_kernels_before();
    Chain chain(ring);
    if (makesFirst) {
      make<FIRST, 0>(first, one, n, chain);
      arrive_for_announcer<FIRST_IS_MADE>();
    }
    if (makesSecond) make<SECOND, 1>(second, two, n, chain);
    return;
  }
  give_registers();
  int warp = threadIdx.x / WARP * WARP;
  if (threadIdx.x == ROW_COPIER) {
    await_kernels_before();
    Place place = {0, 0};
    if (makesFirst) copy_rows<FIRST>(one, 1, ring, place);
    if (makesSecond) copy_rows<SECOND>(two, 1, ring, place);
  } else if (warp == ANNOUNCER) {
    await_kernels_before();
    if (threadIdx.x == ANNOUNCER) {
      if (blockIdx.x == 0) begin_relay(relay);
      let_next_kernel_begin();
    }
    __syncwarp();
    if (makesFirst) {
      announce_run<FIRST, 0>(one, first.counters);
      await_consumers<FIRST_IS_MADE>();
      if (threadIdx.x == ANNOUNCER) first_is_made(relay, first.runs);
      __syncwarp();
    }
    if (makesSecond) announce_run<SECOND, 1>(two, second.counters);
  } else if (warp == WEIGHT_COPIER) {
    WeightCopier copier(flight);
    if (makesFirst) copier.copy_run<FIRST>(one, 1, ring);
    if (makesSecond) copier.copy_run<SECOND>(two, 1, ring);
  }
}

#define PRODUCTS(name, FIRST, SECOND)                                                              \
  extern "C" __global__ void __maxnreg__(REGISTERS) name(                                          \
      const __grid_constant__ Product first, const __grid_constant__ Product second, int n,        \
      int groups, int flight, u32* relay) {                                                        \
    products<FIRST, SECOND>(first, second, n, groups, flight, relay);                              \
  }

PRODUCTS(chained_chained, CHAINED, CHAINED)
PRODUCTS(chained_shared, CHAINED, SHARED)
PRODUCTS(shared_chained, SHARED, CHAINED)
PRODUCTS(shared_shared, SHARED, SHARED)
