// How the work of a product by warpgroups is cut among blocks (see Runs.java): runs of stages, and their segments,
// the parts that runs have of tiles. TILE_M and the stages are product_block.cuh's.

#if PARTS == 2
// What the second part of the inner dimension has of its own.
struct Part {
  const u8* data;
  const u8* rows;
  int k;
  const float* absmax;  // [m]
};
#endif

struct Job {
  const u8* data;  // the weight
  const u8* rows;  // the rows, as pack_operand leaves them
  int m;           // M
  int k;           // inner dimension
  int groups;      // groups of 8 rows in `rows`
  u32 stages;      // of STAGE_K that the inner dimension has
  u32 tiles;       // of TILE_M that M has
  u32 runs;        // pieces that all stages are cut into
  u32 flight;      // stages that a block has asked for and not got, STAGES at most, after its first STAGES
  u32 cost;        // of a tile, where runs of equal cost are cut: its stages and what finishing it takes
#if PARTS == 2
  u32 first;             // stages of the first part
  const float* absmax;   // [m], of the first part
  Part second;
#endif
};

// First stage of a run, counted over all tiles.
static __device__ __forceinline__ u32 run_start(const Job& job, u32 run) {
  u32 at = job.tiles * job.cost * run / job.runs;
  return at / job.cost * job.stages + min(at % job.cost, job.stages);
}

// The run that has a stage.
static __device__ __forceinline__ u32 run_of(const Job& job, u32 stage) {
  u32 tile = stage / job.stages;
  u32 offset = stage % job.stages;
  return ((tile * job.cost + offset + 1) * job.runs - 1) / (job.tiles * job.cost);
}

// A segment: the stages that a run has of a tile's inner dimension, for one tile of rows.
struct Segment {
  u32 tile;
  u32 rows;    // index of the tile of rows
  u32 run;
  u32 from;    // stages [from, from + count) of the tile
  u32 count;

  __device__ __forceinline__ void of(const Job& job, u32 run) {
    this->run = run;
    u32 base = tile * job.stages;
    u32 start = max(run_start(job, run), base);
    from = start - base;
    count = min(run_start(job, run + 1), base + job.stages) - start;
  }

#if PARTS == 2
  // Whether the second part's first stage follows when `left` stages are left, this one included.
  __device__ __forceinline__ bool second_part_behind(const Job& job, u32 left) const {
    return from + count - left + 1 == job.first;
  }
#endif

  // Whether it is the tile's last, and the runs with its first and last.
  __device__ __forceinline__ bool last(const Job& job) const { return from + count == job.stages; }
  __device__ __forceinline__ u32 first(const Job& job) const { return run_of(job, tile * job.stages); }
  __device__ __forceinline__ u32 last_run(const Job& job) const {
    return run_of(job, (tile + 1) * job.stages - 1);
  }
};

#define IN_TURN 0
#define CHAINED 1
#define SHARED 2

// The segments of a block, one after the other: those of its run, the last tile's first, for which another
// block waits; IN_TURN those of whole tiles, the last first. A run of SHARED has two at most.
template <int WAY>
struct Segments {
  const Job& job;
  u32 rowTiles;
  u32 next;  // tiles left; IN_TURN tile and tile of rows
  u32 turn;  // IN_TURN: run of the tile's next segment, or none
  static const u32 NONE = ~0u;

  __device__ __forceinline__ Segments(const Job& job, u32 rowTiles) : job(job), rowTiles(rowTiles) {
    turn = NONE;
    next = WAY == IN_TURN ? blockIdx.x : (run_start(job, blockIdx.x + 1) - 1) / job.stages + 1;
  }

  __device__ __forceinline__ bool take(Segment& segment) {
    if (WAY != IN_TURN) {
      if (next * job.stages <= run_start(job, blockIdx.x)) return false;
      segment.tile = --next;
      segment.rows = 0;
      segment.of(job, blockIdx.x);
    } else {
      if (next >= job.tiles * rowTiles) return false;
      segment.tile = next / rowTiles;
      segment.rows = next % rowTiles;
      u32 last = segment.last_run(job);
      u32 first = segment.first(job);
      segment.of(job, turn == NONE ? last : turn);
      turn = turn == NONE ? first : turn + 1;
      if (turn == last) {
        turn = NONE;
        next += gridDim.x;
      }
    }
    return true;
  }
};
