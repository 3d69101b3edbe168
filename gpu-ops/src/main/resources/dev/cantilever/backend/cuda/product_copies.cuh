// How a block (product_block.cuh) brings weight and rows into its ring of stages. A job and its segments are
// product_runs.cuh's.

// The rows of a segment's tile at a stage.
static __device__ __forceinline__ const u8* rows_at(const Job& job, const Segment& segment, u32 stage) {
  const u8* rows = job.rows;
#if PARTS == 2
  if (stage >= job.first) {
    rows = job.second.rows;
    stage -= job.first;
  }
#endif
  return rows + ((s64)stage * job.groups + segment.rows * (ROWS / 8)) * 1024;
}

// One thread, for the rows, once the kernels that wrote them are done.
template <int WAY>
static __device__ __forceinline__ void copy_rows(
    const Job& job, int rowTiles, const Ring& ring, Place& place) {
  Segments<WAY> segments(job, rowTiles);
  Segment segment;
  while (segments.take(segment)) {
    const u8* from = rows_at(job, segment, segment.from);
#pragma unroll 1
    for (u32 left = segment.count; left > 0; left--) {
      u32 barrier = ring.full + 8 * place.slot;
      barrier_wait(ring.empty + 8 * place.slot, place.parity ^ 1);
      barrier_expect(barrier, ROW_BYTES);
      bulk_copy(ring.at(place) + WEIGHT_BYTES, from, ROW_BYTES, barrier);
      from += (s64)job.groups * 1024;
#if PARTS == 2
      if (segment.second_part_behind(job, left)) from = rows_at(job, segment, job.first);
#endif
      place.advance();
    }
  }
}

#if WEIGHT == INT8
// Cycles in which memory brings every multiprocessor a stage. The first stages are asked for at that pace: all
// at once they would come all at once, late, and memory would have nothing to do while they are multiplied.
#define PACE 1200

static __device__ __forceinline__ u32 cycles() {
  u32 now;
  asm volatile("mov.u32 %0, %%clock;" : "=r"(now)::"memory");
  return now;
}

// Where a lane reads a weight of INT8 from a stage on.
struct Reading {
  const u8* from;
  int inner;       // tile of the inner dimension
  int innerTiles;

  __device__ __forceinline__ void at(const Job& job, u32 stage, int outer, int outerTiles) {
    const u8* data = job.data;
    int k = job.k;
#if PARTS == 2
    if (stage >= job.first) {
      data = job.second.data;
      k = job.second.k;
      stage -= job.first;
    }
#endif
    int lane = threadIdx.x % WARP;
    inner = 2 * stage;
    innerTiles = (k + 31) / 32;
    from = data + (DIRECTION == FORWARD ? (s64)(outer + lane) * innerTiles + inner
                                        : (s64)(inner + lane) * outerTiles + outer) * 1024;
  }
};

// One warp, for a weight of INT8. Of that a stage lies in shared memory in its tiles of 32 x 32: FORWARD 8
// tiles of M times 2 inner ones, GRADIENT 2 inner ones times 8. Tiles behind the weight's end are left out:
// what they would have been multiplied by is zero or is not stored. For few rows the weight is read once, and
// leaves L2 first: the gigabytes of a decoding step would push out what all other kernels read. A short run
// has few stages in flight (WarpgroupKernel.flight), so that other kernels' reads do not wait behind them.
struct WeightCopier {
  Place place;
  Place behind;  // the stage that must have come before another is asked for, once the ring has been full
  int ahead;     // stages asked for, up to STAGES
  u32 began;
  u64 policy;

  __device__ __forceinline__ WeightCopier(int flight)
      : place{0, 0}, behind{STAGES - flight, 0}, ahead(0), began(cycles()),
        policy(FEW ? read_once() : 0) {}

  __device__ __forceinline__ void copy(u32 to, const void* from, u32 bytes, u32 barrier) const {
    if (FEW) {
      bulk_copy_under(policy, to, from, bytes, barrier);
    } else {
      bulk_copy(to, from, bytes, barrier);
    }
  }

  // Waits until another stage may be asked for.
  __device__ __forceinline__ void await_turn(const Job& job, const Ring& ring) {
    if (ahead < STAGES) {
      while (ahead > 1 && cycles() - began < (ahead - 1) * PACE) {}
      ahead++;
    } else if (FEW && job.flight < STAGES) {
      barrier_wait(ring.full + 8 * behind.slot, behind.parity);
      behind.advance();
    }
    barrier_wait(ring.empty + 8 * place.slot, place.parity ^ 1);
  }

  template <int WAY>
  __device__ __forceinline__ void copy_run(const Job& job, int rowTiles, const Ring& ring) {
    int lane = threadIdx.x % WARP;
    int outerTiles = (job.m + 31) / 32;
    Segments<WAY> segments(job, rowTiles);
    Segment segment;
    while (segments.take(segment)) {
      int outer = segment.tile * (TILE_M / 32);
      int outerCount = min(TILE_M / 32, outerTiles - outer);
      Reading read;
      read.at(job, segment.from, outer, outerTiles);
#pragma unroll 1
      for (u32 left = segment.count; left > 0; left--) {
        u32 to = ring.at(place);
        u32 barrier = ring.full + 8 * place.slot;
        int innerCount = min(2, read.innerTiles - read.inner);
        await_turn(job, ring);
        if (lane == 0) barrier_expect(barrier, outerCount * innerCount * 1024);
        __syncwarp();
#if DIRECTION == FORWARD
        if (lane < outerCount) copy(to + lane * 2048, read.from, innerCount * 1024, barrier);
        read.from += 2048;
#else
        if (lane < innerCount) {
          copy(to + lane * (TILE_M / 32 * 1024), read.from, outerCount * 1024, barrier);
        }
        read.from += (s64)outerTiles * 2048;
#endif
        read.inner += 2;
#if PARTS == 2
        if (segment.second_part_behind(job, left)) read.at(job, job.first, outer, outerTiles);
#endif
        place.advance();
      }
    }
  }
};

#else
// Two warps, for a row-major weight. Of that a stage lies in shared memory as rows of pieces of 16 bytes,
// FORWARD TILE_M rows of STAGE_K inner elements, GRADIENT STAGE_K rows of TILE_M; zeros behind the weight's
// end. A piece of a row is at `piece_at`, so that lanes that read together have banks of their own.
#define PIECES (DIRECTION == FORWARD ? STAGE_K / 8 : TILE_M / 8)  // of a row

static __device__ __forceinline__ int piece_at(int row, int piece) {
  return DIRECTION == FORWARD ? piece ^ row / 4 % 2 * 4 : piece ^ row / 4 % 4 * 2;
}

struct WeightCopier {
  Place place;

  __device__ __forceinline__ WeightCopier(int) : place{0, 0} {}

  template <int WAY>
  __device__ __forceinline__ void copy_run(const Job& job, int rowTiles, const Ring& ring) {
    const int EACH = TILE_M * STAGE_K / 8 / COPIERS;  // pieces of a thread in a stage
    const int APART = DIRECTION == FORWARD ? 4 : 1;   // rows from a piece of a thread to its next
    int copier = threadIdx.x % COPIERS;
    int piece = copier % WARP % PIECES;
    int row = copier / WARP * (EACH * APART) + copier % WARP / PIECES;
    int rows = DIRECTION == FORWARD ? job.m : job.k;
    int columns = DIRECTION == FORWARD ? job.k : job.m;
    s64 pitch = 2 * (s64)columns;
    Segments<WAY> segments(job, rowTiles);
    Segment segment;
    while (segments.take(segment)) {
      int outer = segment.tile * TILE_M;
      int inner = segment.from * STAGE_K;
#pragma unroll 1
      for (u32 left = segment.count; left > 0; left--) {
        int firstRow = (DIRECTION == FORWARD ? outer : inner) + row;
        int column = (DIRECTION == FORWARD ? inner : outer) + 8 * piece;
        int present = column < columns ? rows - firstRow : 0;  // rows from the thread's first on
        const u8* from = job.data + firstRow * pitch + 2 * (s64)column;
        u32 to = ring.at(place) + row * (PIECES * 16);
        barrier_wait(ring.empty + 8 * place.slot, place.parity ^ 1);
#pragma unroll 4
        for (int i = 0; i < EACH; i++) {
          u32 at = to + (i * APART * PIECES + piece_at(i * APART, piece)) * 16;
          copy_piece(at, from, i * APART < present);
          from += APART * pitch;
        }
        barrier_arrive_copied(ring.full + 8 * place.slot);
        inner += STAGE_K;
        place.advance();
      }
    }
    copies_done();
  }
};
#endif
