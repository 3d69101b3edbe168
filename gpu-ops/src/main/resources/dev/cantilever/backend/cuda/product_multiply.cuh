// How the warpgroups of product_block.cuh that multiply take stages from the ring and make chains of products.

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

// A warpgroup's way through the ring, and the barrier of the stage before, which its products may still read.
struct Chain {
  const Ring& ring;
  Place place;
  u32 before;

  __device__ __forceinline__ Chain(const Ring& ring) : ring(ring), place{0, 0}, before(0) {}

  __device__ __forceinline__ u32 await_stage() const {
    barrier_wait(ring.full + 8 * place.slot, place.parity);
    return ring.at(place);
  }

  __device__ __forceinline__ void release_before() const {
    if (before != 0 && threadIdx.x % (4 * WARP) == 0) barrier_arrive(before);
  }

  __device__ __forceinline__ void advance() {
    before = ring.empty + 8 * place.slot;
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
    float c[2][SUMS_EACH], u32 stages, Chain& chain, u32 twice128, int add) {
  u32 a[2][HALVES][2][4];
#if WEIGHT == INT8
  u32 first = first_block();
#else
  u32 first = 0;
#endif
  chain.before = 0;
#pragma unroll 1
  for (; stages > 0; stages--) {
    u32 at = chain.await_stage();
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
      if (q == 0) chain.release_before();
    }
    chain.advance();
  }
  wgmma_wait<0>();
  chain.release_before();
}

// c = the segment's chain of products. Of two parts it comes scaled: what the first has made is brought to the
// scale of the second's before that goes on.
static __device__ __forceinline__ void multiply_segment(
    float c[2][SUMS_EACH], const Job& job, const Segment& segment, Chain& chain) {
  u32 twice128 = chain.ring.twice128();
#if PARTS == 2
  u32 first = segment.from < job.first ? min(segment.count, job.first - segment.from) : 0;
#pragma unroll 1
  for (int part = 0; part < 2; part++) {
    u32 stages = part == 0 ? first : segment.count - first;
    if (stages == 0) continue;
    multiply(c, stages, chain, twice128, part == 1 && first > 0);
    scale_part(c, job, segment, part, first > 0 && first < segment.count);
  }
#else
  multiply(c, segment.count, chain, twice128, 0);
#endif
}
