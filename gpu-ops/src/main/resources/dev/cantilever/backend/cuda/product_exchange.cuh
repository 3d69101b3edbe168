// How the blocks (product_block.cuh) that have a tile together tell each other that their sums are aside, and
// what they do then. ROWS and CONSUMERS are that file's, the ways product_runs.cuh's, QUADS and where sums are
// aside product_sums.cuh's.

// Named barriers of a block: of all that multiply; by which these tell the announcer of a run's first segment and
// of its second, for the first product of a launch and for the second; and that the first is made.
#define MULTIPLIERS 1
#define SEGMENT_BARRIER(index, again) (2 + 2 * (index) + (again))
#define FIRST_IS_MADE 6

static __device__ __forceinline__ void consumers_meet() {
  asm volatile("bar.sync %0, %1;" ::"n"(MULTIPLIERS), "n"(CONSUMERS) : "memory");
}

// Two counters a tile, zero between launches: segments that are aside, and blocks that have seen them all.
// A fence takes long while weights stream in, so a warp that has nothing else to do makes it: consumers only
// arrive at its barrier. A run's second segment has one of its own: the warp may not be back from the first.
#define ANNOUNCER (CONSUMERS + WARP)

// By all that multiply, and by the announcer, which goes on when they have been here.
template <int BARRIER>
static __device__ __forceinline__ void arrive_for_announcer() {
  asm volatile("bar.arrive %0, %1;" ::"n"(BARRIER), "n"(CONSUMERS + WARP) : "memory");
}

template <int BARRIER>
static __device__ __forceinline__ void await_consumers() {
  asm volatile("bar.sync %0, %1;" ::"n"(BARRIER), "n"(CONSUMERS + WARP) : "memory");
}

// The number of a barrier is a constant, or the compiler takes all sixteen to be used.
template <int INDEX>
static __device__ __forceinline__ void sums_are_aside(bool again) {
  if (again) {
    arrive_for_announcer<SEGMENT_BARRIER(INDEX, 1)>();
  } else {
    arrive_for_announcer<SEGMENT_BARRIER(INDEX, 0)>();
  }
}

template <int INDEX, int AGAIN>
static __device__ __forceinline__ void announce(u32* counter) {
  await_consumers<SEGMENT_BARRIER(INDEX, AGAIN)>();
  if (threadIdx.x % WARP == 0) {
    __threadfence();
    asm volatile("red.relaxed.gpu.global.add.u32 [%0], %1;" ::"l"(counter), "r"(1) : "memory");
  }
}

static __device__ __forceinline__ void await(const u32* counter, u32 count) {
  if (threadIdx.x == 0) {
    u32 word;
    do {
      asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(word) : "l"(counter) : "memory");
    } while (word < count);
  }
  consumers_meet();
}

// SHARED other blocks wait for all segments of a run; CHAINED for one at most: its last, where that does not
// end its tile.
template <int WAY, int INDEX>
static __device__ __forceinline__ void announce_run(const Job& job, u32* counters) {
  u32 end = run_start(job, blockIdx.x + 1);
  u32 tile = (end - 1) / job.stages;
  if (WAY == CHAINED) {
    if (end % job.stages != 0) announce<INDEX, 0>(counters + 2 * tile);
    return;
  }
  u32 start = run_start(job, blockIdx.x);
  if (start < end) announce<INDEX, 0>(counters + 2 * tile);
  if (start < tile * job.stages) announce<INDEX, 1>(counters + 2 * (tile - 1));
}

// Adds up QUADS_ONCE quads from `base` on, of those before `to`, of the segments of runs `first` to `last`.
// RUNS_ONCE segments are asked for together: one takes as long to come as all of them.
template <int QUADS_ONCE, int RUNS_ONCE>
static __device__ __forceinline__ void add_quads(
    const Target& out, const Job& job, const Segment& segment, float4* aside, u32 first, u32 last,
    int base, int to) {
  float4 sums[QUADS_ONCE];
  float4 before[QUADS_ONCE];
#pragma unroll
  for (int i = 0; i < QUADS_ONCE; i++) {
    if (base + i < to) {
      sums[i] = __ldcg(quads_of(aside, last) + (base + i) * CONSUMERS);
      before[i] = out.read_quad(job, segment, base + i);
    }
  }
#pragma unroll 1
  for (u32 run = first; run < last; run += RUNS_ONCE) {
    float4 others[RUNS_ONCE][QUADS_ONCE];
#pragma unroll
    for (int r = 0; r < RUNS_ONCE; r++) {
#pragma unroll
      for (int i = 0; i < QUADS_ONCE; i++) {
        others[r][i] = run + r < last && base + i < to
            ? __ldcg(quads_of(aside, run + r) + (base + i) * CONSUMERS)
            : make_float4(0, 0, 0, 0);
      }
    }
#pragma unroll
    for (int r = 0; r < RUNS_ONCE; r++) {
      if (run + r >= last) break;
#pragma unroll
      for (int i = 0; i < QUADS_ONCE; i++) {
        sums[i].x += others[r][i].x;
        sums[i].y += others[r][i].y;
        sums[i].z += others[r][i].z;
        sums[i].w += others[r][i].w;
      }
    }
  }
#pragma unroll
  for (int i = 0; i < QUADS_ONCE; i++) {
    if (base + i < to) out.write_quad(job, segment, base + i, sums[i], before[i]);
  }
}

// SHARED a run may have the last of a tile's segments and the first of the next's: each has its own place.
static __device__ __forceinline__ float4* asides_of(float4* aside, const Segment& segment) {
  return aside + (s64)segment.tile * (QUADS * CONSUMERS);
}

// The blocks that have segments of a tile, `first` to `last`, add up a part of the quads each.
static __device__ __forceinline__ void add_part(
    const Target& out, const Job& job, const Segment& segment, float4* aside, u32 first, u32 last) {
  u32 each = last - first + 1;
  int from = QUADS * (segment.run - first) / each;
  int to = QUADS * (segment.run - first + 1) / each;
#if ROWS < 64
  if (to - from == 1) {
    add_quads<1, 8>(out, job, segment, aside, first, last, from, to);
    return;
  }
#endif
  const int ONCE = ROWS < 64 ? 2 : 8;  // as registers allow
#pragma unroll 1
  for (int base = from; base < to; base += ONCE) {
    add_quads<ONCE, ROWS < 64 ? 3 : 2>(out, job, segment, aside, first, last, base, to);
  }
}

// Waits until all segments of the tile are aside, and adds up the block's part. `out` has begun the tile.
static __device__ __forceinline__ void finish_shared(
    const Target& out, const Job& job, u32 tile, float4* aside, u32* counters) {
  Segment segment;
  segment.tile = tile;
  segment.rows = 0;
  segment.run = blockIdx.x;
  u32 first = segment.first(job);
  u32 last = segment.last_run(job);
  u32* counter = counters + 2 * segment.tile;
  await(counter, last - first + 1);
  if (threadIdx.x == 0 && atomicAdd(counter + 1, 1) == last - first) {
    counter[0] = 0;
    counter[1] = 0;
  }
  add_part(out, job, segment, asides_of(aside, segment), first, last);
}
