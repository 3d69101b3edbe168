// Choice of the next token. A row of logits is cut into PIECES, by the vocabulary alone.
//
// weigh_pieces  block (row, piece)  the piece's largest logit, what is wrong in it, and the sum of
//                                   its weights exp((x - largest) / temperature)
// draw_tokens   block a row         adds the pieces, and finds the token by cutting the piece in
//                                   which it lies into pieces, and so on
//
// feed_tokens   one block           what was drawn becomes the input of the next step
//
// Weights are floats; four are added as floats, everything else in double. The law is that of
// dev.cantilever.backend.onednn.TokenDraw.
#include "prelude.cuh"

#define WEIGH_THREADS 128
#define THREADS 1024
#define PIECES WARP  // a lane or a warp each
#define STEP 128     // tokens that a warp looks at together, four a lane
#define TOGETHER 4   // loads of a thread that do not wait for each other

// What is wrong with a row, in the upper two bits of a fault's value; a token in those below.
#define FOUND_NAN 0u
#define FOUND_INFINITY (1u << 30)
#define FOUND_NOTHING (2u << 30)  // minus infinity everywhere

struct Row {
  const float* logits;
  int vocabulary;
  bool wide;
};

// Tokens [from, to). It begins at a multiple of STEP and ends there or at the end of the row.
struct Range {
  int from;
  int to;
};

// CudaSamplingOps knows the size.
struct Piece {
  double sum;  // of its weights relative to its own largest logit, or 0 where that is -infinity
  float most;
  int bad;  // the first token that is NaN or infinite, or the vocabulary
};

// What the first warp knows of a row once it has added the pieces.
struct Total {
  double sum;      // of all weights relative to the largest logit
  double uniform;  // the draw, in [0, 1)
  double rest;     // what the draw leaves of the piece in which it lies, in that piece's weights
  float most;
  float pieceMost;
  int piece;
  int bad;
};

// Numbers that are shared by the block.
struct Scratch {
  Total row;
  double pieces[PIECES];
  double sum;
  double rest;
  int found;
};

static __device__ __forceinline__ Row row_at(const float* logits, int r, int vocabulary) {
  return {logits + (s64)r * vocabulary, vocabulary, quads_align((u64)logits, vocabulary)};
}

static __device__ __forceinline__ Range piece_of(Range range, int piece) {
  int tokens = (range.to - range.from + PIECES * STEP - 1) / (PIECES * STEP) * STEP;
  int from = range.from + piece * tokens;
  return {from, min(from + tokens, range.to)};
}

// Calls `each` with four logits at a time, the token of the first, and how many of them there are.
// Which worker is given which depends neither on the width nor on the addresses.
template <bool WIDE, typename Each>
static __device__ __forceinline__ void each_quad(
    const float* logits, Range range, int worker, int workers, Each each) {
  int step = 4 * workers;
  for (int first = range.from + 4 * worker; first < range.to; first += TOGETHER * step) {
    quad x[TOGETHER];
    int count[TOGETHER];
#pragma unroll
    for (int j = 0; j < TOGETHER; j++) {
      int at = first + j * step;
      count[j] = WIDE ? (at < range.to ? 4 : 0) : min(range.to - at, 4);
      x[j] = load_quad(logits, at, count[j], WIDE);
    }
#pragma unroll
    for (int j = 0; j < TOGETHER; j++) {
      if (count[j] > 0) each(x[j], first + j * step, count[j]);
    }
  }
}

template <typename Each>
static __device__ __forceinline__ void each_quad(
    const Row& row, Range range, int worker, int workers, Each each) {
  if (row.wide) {  // then a range ends at a multiple of four
    each_quad<true>(row.logits, range, worker, workers, each);
  } else {
    each_quad<false>(row.logits, range, worker, workers, each);
  }
}

// The weights of four logits, zeros behind the last.
template <typename Weight>
static __device__ __forceinline__ quad weights_of(quad x, int at, int count, Weight weight) {
#pragma unroll
  for (int i = 0; i < 4; i++) x.e[i] = i < count ? weight(x.e[i], at + i) : 0.0f;
  return x;
}

static __device__ __forceinline__ double quad_sum(const quad& q) {
  return (double)((q.e[0] + q.e[1]) + (q.e[2] + q.e[3]));
}

// The sum of a worker's weights of (logit, token).
template <typename Weight>
static __device__ __forceinline__ double sum_weights(
    const Row& row, Range range, int worker, int workers, Weight weight) {
  double sum = 0.0;
  each_quad(row, range, worker, workers, [&](const quad& x, int at, int count) {
    sum += quad_sum(weights_of(x, at, count, weight));
  });
  return sum;
}

// Relative to a logit that none exceeds.
static __device__ __forceinline__ auto exponential(float most, float inverseTemperature) {
  return [=](float x, int token) { return expf((x - most) * inverseTemperature); };
}

extern "C" __global__ void __launch_bounds__(WEIGH_THREADS) weigh_pieces(
    Piece* pieces, const float* logits, int vocabulary, float inverseTemperature) {
  __shared__ float maxima[WEIGH_THREADS / WARP];
  __shared__ double sums[WEIGH_THREADS / WARP];
  __shared__ int found;
  Row row = row_at(logits, blockIdx.x, vocabulary);
  Range range = piece_of({0, vocabulary}, blockIdx.y);
  if (threadIdx.x == 0) found = vocabulary;
  float most = -INFINITE;
  int bad = vocabulary;
  each_quad(row, range, threadIdx.x, WEIGH_THREADS, [&](const quad& x, int at, int count) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (i < count) {
        most = fmaxf(most, x.e[i]);
        if (!(x.e[i] < INFINITE)) bad = min(bad, at + i);
      }
    }
  });
  most = block_max(most, maxima);
  if (bad < vocabulary) atomicMin(&found, bad);
  double sum = 0.0;
  if (most > -INFINITE) {  // the logits are read once more, from the cache
    sum = sum_weights(
        row, range, threadIdx.x, WEIGH_THREADS, exponential(most, inverseTemperature));
  }
  sum = block_sum(sum, sums);
  if (threadIdx.x == 0) pieces[(s64)blockIdx.x * PIECES + blockIdx.y] = {sum, most, found};
}

// Sums the weights of the range and leaves the sums of its pieces.
template <typename Weight>
static __device__ __forceinline__ void sum_pieces(
    const Row& row, Range range, Weight weight, Scratch& s) {
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  double sum = warp_sum(sum_weights(row, piece_of(range, warp), lane, WARP, weight));
  __syncthreads();  // what is there may still be read
  if (lane == 0) s.pieces[warp] = sum;
  __syncthreads();
}

// The sum over the whole row.
template <typename Weight>
static __device__ __forceinline__ double sum_row(const Row& row, Weight weight, Scratch& s) {
  sum_pieces(row, {0, row.vocabulary}, weight, s);
  if (threadIdx.x < WARP) {
    double sum = 0.0;
    for (int p = 0; p < PIECES; p++) sum += s.pieces[p];
    if (threadIdx.x == 0) s.sum = sum;
  }
  __syncthreads();
  return s.sum;
}

// Sum of the values of this lane and those below.
static __device__ __forceinline__ double running_sum(double value) {
  int lane = threadIdx.x % WARP;
#pragma unroll
  for (int distance = 1; distance < WARP; distance <<= 1) {
    double below = __shfl_up_sync(FULL_WARP, value, distance);
    if (lane >= distance) value = below + value;
  }
  return value;
}

// The first lane at which the running sum passes the target, which is lowered by what the lanes
// before it hold. Its own value is positive; where rounding leaves the sum below the target it is
// the last lane whose value is.
static __device__ __forceinline__ int lane_beyond(double value, double running, double& target) {
  u32 some = __ballot_sync(FULL_WARP, value > 0.0);
  u32 beyond = __ballot_sync(FULL_WARP, value > 0.0 && running > target);
  int lane = beyond != 0 ? __ffs(beyond) - 1 : some != 0 ? 31 - __clz(some) : 0;
  double before = __shfl_sync(FULL_WARP, running, lane == 0 ? 0 : lane - 1);
  if (lane > 0) target -= before;
  return lane;
}

// The first token of the range at which the running sum of the weight passes the target; as for
// lanes, one of positive weight.
template <typename Weight>
static __device__ __forceinline__ int first_beyond(
    const Row& row, Range range, Weight weight, double target, Scratch& s) {
  while (range.to - range.from > STEP) {
    sum_pieces(row, range, weight, s);
    if (threadIdx.x < WARP) {
      double sum = s.pieces[threadIdx.x];
      int piece = lane_beyond(sum, running_sum(sum), target);
      if (threadIdx.x == 0) {
        s.found = piece;
        s.rest = target;
      }
    }
    __syncthreads();
    range = piece_of(range, s.found);
    target = s.rest;
  }
  __syncthreads();  // what was found may still be read
  if (threadIdx.x < WARP) {
    int at = range.from + 4 * threadIdx.x;
    int count = range.to - at;
    quad w = weights_of(load_quad(row.logits, at, count, row.wide), at, count, weight);
    double sum = quad_sum(w);
    int lane = lane_beyond(sum, running_sum(sum), target);
    double passed = 0.0;
    int token = at;
    bool beyond = false;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      passed += (double)w.e[i];
      if (w.e[i] > 0.0f && !beyond) {
        token = at + i;
        beyond = passed > target;
      }
    }
    if (threadIdx.x == lane) s.found = token;
  }
  __syncthreads();
  return s.found;
}

// A number's place among all floats, rising; both zeros have one. No number has place 0.
static __device__ __forceinline__ u32 place_of(float x) {
  u32 bits = x == 0.0f ? 0 : __float_as_uint(x);
  return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

static __device__ __forceinline__ float number_at(u32 place) {
  return __uint_as_float(place ^ (place >> 31 ? 0x80000000u : 0xffffffffu));
}

// The last place at which something holds that holds at `low`, not at `high`, and changes once.
template <typename Holds>
static __device__ __forceinline__ u32 last_place(u32 low, u32 high, Holds holds) {
  while (high - low > 1) {
    u32 middle = low + (high - low) / 2;
    if (holds(middle)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

// The draw among the tokens that top-k and top-p keep. Nothing is sorted: a border is found by
// halving the range of places, each time summing over the row what lies above.
static __device__ __forceinline__ int draw_kept(
    const Row& row, float inverseTemperature, int topK, float topP, Scratch& s) {
  float most = s.row.most;
  auto weight = exponential(most, inverseTemperature);
  u32 top = place_of(most);
  auto count = [&](u32 place) {
    return sum_row(
        row, [=](float x, int token) { return place_of(x) >= place ? 1.0f : 0.0f; }, s);
  };
  auto mass = [&](u32 place) {
    return sum_row(
        row,
        [=](float x, int token) { return place_of(x) >= place ? weight(x, token) : 0.0f; },
        s);
  };
  // What stays: everything above the border, and of the tokens on it those up to one of them.
  u32 border = 0;
  double ties = row.vocabulary;  // how many on the border stay
  if (topK > 0) {
    border = last_place(0, top + 1, [&](u32 place) { return count(place) >= topK; });
    ties = topK - count(border + 1);
  }
  if (topP < 1.0f) {
    double kept =
        topK > 0 ? mass(border + 1) + ties * weight(number_at(border), 0) : mass(border);
    double target = topP * kept;
    u32 edge = last_place(border, top + 1, [&](u32 place) { return mass(place) >= target; });
    double above = mass(edge + 1);
    double needed = fmax(1.0, ceil((target - above) / weight(number_at(edge), 0)));
    ties = edge == border ? fmin(ties, needed) : needed;
    border = edge;
  }
  Range all = {0, row.vocabulary};
  auto tie = [=](float x, int token) { return place_of(x) == border ? 1.0f : 0.0f; };
  int lastTie = first_beyond(row, all, tie, ties - 0.5, s);
  auto law = [=](float x, int token) {
    u32 place = place_of(x);
    bool stays = place > border || (place == border && token <= lastTie);
    return stays ? weight(x, token) : 0.0f;
  };
  double target = s.row.uniform * sum_row(row, law, s);
  return first_beyond(row, all, law, target, s);
}

// Adds the pieces of a row, a lane a piece, and chooses that in which the token lies. One warp.
static __device__ __forceinline__ Total add_pieces(
    const Piece* pieces, float inverseTemperature, bool greedy, double uniform) {
  Piece own = pieces[threadIdx.x];
  Total row;
  row.uniform = uniform;
  row.most = warp_max(own.most);
  row.bad = __reduce_min_sync(FULL_WARP, own.bad);
  double scale = exp(((double)own.most - (double)row.most) * (double)inverseTemperature);
  double sum = own.sum * scale;
  double running = running_sum(sum);
  row.sum = __shfl_sync(FULL_WARP, running, WARP - 1);
  if (greedy) {
    u32 largest = __ballot_sync(FULL_WARP, own.most == row.most);
    row.piece = largest != 0 ? __ffs(largest) - 1 : 0;  // none where the row is not a number
    row.rest = 0.0;
  } else {
    row.rest = uniform * row.sum;
    row.piece = lane_beyond(sum, running, row.rest);
    row.rest /= __shfl_sync(FULL_WARP, scale, row.piece);
  }
  row.pieceMost = __shfl_sync(FULL_WARP, own.most, row.piece);
  return row;
}

extern "C" __global__ void __launch_bounds__(THREADS, 1) draw_tokens(
    int* tokens, float* logprobs, const float* logits, const Piece* pieces, const s64* queries,
    const int* positions, int vocabulary, float inverseTemperature, int greedy, int topK,
    float topP, u64 seed, int step, u64* faults, int call) {
  __shared__ Scratch s;
  int r = blockIdx.x;
  Row row = row_at(logits, r, vocabulary);
  if (threadIdx.x < WARP) {
    u64 query = (u64)queries[r];
    uint4 words = philox(seed, (u32)positions[r], (u32)step, (u32)query, (u32)(query >> 32));
    double uniform = (double)((u64)words.x << 21 | words.y >> 11) * 0x1p-53;
    Total total = add_pieces(pieces + (s64)r * PIECES, inverseTemperature, greedy, uniform);
    if (threadIdx.x == 0) s.row = total;
  }
  __syncthreads();
  float most = s.row.most;
  int bad = s.row.bad;
  if (bad < vocabulary || most == -INFINITE) {
    if (threadIdx.x == 0) {
      u32 found = bad == vocabulary ? FOUND_NOTHING
                  : row.logits[bad] == INFINITE ? FOUND_INFINITY | bad : FOUND_NAN | bad;
      report_fault(faults, call, r, found);
      tokens[r] = 0;
      logprobs[r] = __int_as_float(0x7fffffff);
    }
    return;
  }

  int token;
  Range piece = piece_of({0, vocabulary}, s.row.piece);
  if (greedy) {
    auto largest = [=](float x, int token) { return x == most ? 1.0f : 0.0f; };
    token = first_beyond(row, piece, largest, 0.0, s);
  } else if (topK > 0 || topP < 1.0f) {
    token = draw_kept(row, inverseTemperature, topK, topP, s);
  } else {
    auto law = exponential(s.row.pieceMost, inverseTemperature);
    token = first_beyond(row, piece, law, s.row.rest, s);
  }
  if (threadIdx.x == 0) {
    tokens[r] = token;
    float scaled = (row.logits[token] - most) * inverseTemperature;
    logprobs[r] = (float)((double)scaled - log(s.row.sum));
  }
}

// ids = tokens, positions + 1, and place *place of `kept` = tokens and the bits of their logprobs;
// *place + 1. Nothing of it once a fault is reported: then the draw that it names can be looked up.
extern "C" __global__ void feed_tokens(
    int* ids, int* positions, int* responsePositions, int* kept, int* place, const int* tokens,
    const float* logprobs, int places, int rows, u64* faults, int call) {
  int at = *place;
  bool wrong = at < 0 || at >= places;
  bool stopped = wrong || faulted(faults);
  if (wrong && threadIdx.x == 0) report_fault(faults, call, 0, (u32)at);
  if (__syncthreads_or(stopped)) return;  // all have read the place when it is raised
  int* row = kept + 2 * (s64)at * rows;
  for (int r = threadIdx.x; r < rows; r += blockDim.x) {
    int token = tokens[r];
    row[r] = token;
    row[rows + r] = __float_as_int(logprobs[r]);
    ids[r] = token;
    positions[r]++;
    responsePositions[r]++;
  }
  if (threadIdx.x == 0) *place = at + 1;
}
