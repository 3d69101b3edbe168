// Choice of the next token: a block a row of logits.
#include "prelude.cuh"

#define THREADS 1024
#define STEP 128  // tokens that a warp looks at together, four a lane

// What is wrong with a row, in the upper two bits of a fault's value; a token in those below.
#define FOUND_NAN 0u
#define FOUND_INFINITY (1u << 30)
#define FOUND_NOTHING (2u << 30)  // minus infinity everywhere

// A row is cut into pieces, one a warp. Where the cuts fall depends on the vocabulary alone.
struct Row {
  const float* logits;
  int vocabulary;
  int piece;  // tokens of one, a multiple of STEP
  bool wide;
};

// Numbers that are shared by the block.
struct Scratch {
  double pieces[WARP];
  double total;
  float most[WARP];
  int found;
};

// The weights of four tokens, zeros behind `to`.
template <typename Weight>
static __device__ __forceinline__ quad weights_of(const Row& row, int at, int to, Weight weight) {
  quad q = load_quad(row.logits, at, to - at, row.wide);
#pragma unroll
  for (int i = 0; i < 4; i++) q.e[i] = at + i < to ? weight(q.e[i], at + i) : 0.0f;
  return q;
}

static __device__ __forceinline__ double quad_sum(const quad& q) {
  return (double)((q.e[0] + q.e[1]) + (q.e[2] + q.e[3]));
}

// Sums a weight of (logit, token) over the row and leaves the sums of the pieces.
template <typename Weight>
static __device__ __forceinline__ double sum_pieces(const Row& row, Weight weight, Scratch& s) {
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int from = warp * row.piece;
  int to = min(from + row.piece, row.vocabulary);
  double sum = 0.0;
#pragma unroll 4
  for (int at = from + 4 * lane; at < to; at += STEP) {
    sum += quad_sum(weights_of(row, at, to, weight));
  }
  sum = warp_sum(sum);
  __syncthreads();  // what is there may still be read
  if (lane == 0) s.pieces[warp] = sum;
  __syncthreads();
  if (warp == 0) {
    double total = 0.0;
    for (int p = 0; p < WARP; p++) total += s.pieces[p];
    if (lane == 0) s.total = total;
  }
  __syncthreads();
  return s.total;
}

// The first token at which the running sum of the weight passes `target`, after sum_pieces of that
// weight. It has a positive weight itself; where rounding leaves the sum below the target it is the
// last one that has.
template <typename Weight>
static __device__ __forceinline__ int first_beyond(
    const Row& row, Weight weight, double target, Scratch& s) {
  if (threadIdx.x < WARP) {
    int lane = threadIdx.x;
    double passed = 0.0;  // by all pieces before the one
    double running = 0.0;
    int piece = 0;
    for (int p = 0; p < WARP; p++) {
      if (s.pieces[p] > 0.0 && running <= target) {
        piece = p;
        passed = running;
      }
      running += s.pieces[p];
    }
    int from = piece * row.piece;
    int to = min(from + row.piece, row.vocabulary);
    int token = -1;
    int last = 0;
    for (int start = from; start < to && token < 0; start += STEP) {
      int at = start + 4 * lane;
      quad w = weights_of(row, at, to, weight);
      double upTo = quad_sum(w);  // of this lane and those below
#pragma unroll
      for (int distance = 1; distance < WARP; distance <<= 1) {
        double below = __shfl_up_sync(FULL_WARP, upTo, distance);
        if (lane >= distance) upTo = below + upTo;
      }
      double below = __shfl_up_sync(FULL_WARP, upTo, 1);
      double sum = lane == 0 ? passed : passed + below;
      int own = -1;
      int positive = -1;
#pragma unroll
      for (int i = 0; i < 4; i++) {
        sum += (double)w.e[i];
        if (w.e[i] > 0.0f) {
          positive = at + i;
          if (own < 0 && sum > target) own = at + i;
        }
      }
      u32 here = __ballot_sync(FULL_WARP, own >= 0);
      u32 some = __ballot_sync(FULL_WARP, positive >= 0);
      int first = __shfl_sync(FULL_WARP, own, here == 0 ? 0 : __ffs(here) - 1);
      int latest = __shfl_sync(FULL_WARP, positive, some == 0 ? 0 : 31 - __clz(some));
      if (here != 0) token = first;
      if (some != 0) last = latest;
      passed += __shfl_sync(FULL_WARP, upTo, WARP - 1);
    }
    if (lane == 0) s.found = token < 0 ? last : token;
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

extern "C" __global__ void __launch_bounds__(THREADS) sample(
    int* tokens, float* logprobs, const float* logits, const s64* queries, const int* positions,
    int vocabulary, float inverseTemperature, int greedy, int topK, float topP, u64 seed, int step,
    u64* faults, int call) {
  __shared__ Scratch s;
  int r = blockIdx.x;
  Row row;
  row.logits = logits + (s64)r * vocabulary;
  row.vocabulary = vocabulary;
  row.piece = (vocabulary + WARP * STEP - 1) / (WARP * STEP) * STEP;
  row.wide = quads_align((u64)logits, vocabulary);

  // The largest logit, and the first that is NaN or infinite.
  if (threadIdx.x == 0) s.found = vocabulary;
  float most = -INFINITE;
  int bad = vocabulary;
  int warp = threadIdx.x / WARP;
  int to = min((warp + 1) * row.piece, vocabulary);
#pragma unroll 4
  for (int at = warp * row.piece + 4 * (threadIdx.x % WARP); at < to; at += STEP) {
    quad x = load_quad(row.logits, at, to - at, row.wide);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (at + i < to) {
        most = fmaxf(most, x.e[i]);
        if (!(x.e[i] < INFINITE)) bad = min(bad, at + i);
      }
    }
  }
  most = block_max(most, s.most);
  if (bad < vocabulary) atomicMin(&s.found, bad);
  __syncthreads();
  bad = s.found;
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

  auto weight = [=](float x, int token) { return expf((x - most) * inverseTemperature); };
  double total = sum_pieces(row, weight, s);

  // What stays: everything above the border, and of the tokens on it those up to one of them.
  u32 border = 0;
  int lastTie = vocabulary;
  if (topK > 0 || topP < 1.0f) {
    u32 top = place_of(most);
    auto count = [&](u32 place) {
      return sum_pieces(
          row, [=](float x, int token) { return place_of(x) >= place ? 1.0f : 0.0f; }, s);
    };
    auto mass = [&](u32 place) {
      return sum_pieces(
          row,
          [=](float x, int token) { return place_of(x) >= place ? weight(x, token) : 0.0f; },
          s);
    };
    double ties = vocabulary;  // how many on the border stay
    double kept = total;
    if (topK > 0) {
      border = last_place(0, top + 1, [&](u32 place) { return count(place) >= topK; });
      ties = topK - count(border + 1);
    }
    if (topP < 1.0f) {
      if (topK > 0) kept = mass(border + 1) + ties * weight(number_at(border), 0);
      double target = topP * kept;
      u32 edge = last_place(border, top + 1, [&](u32 place) { return mass(place) >= target; });
      double above = mass(edge + 1);
      double needed = fmax(1.0, ceil((target - above) / weight(number_at(edge), 0)));
      ties = edge == border ? fmin(ties, needed) : needed;
      border = edge;
    }
    auto tie = [=](float x, int token) { return place_of(x) == border ? 1.0f : 0.0f; };
    sum_pieces(row, tie, s);
    lastTie = first_beyond(row, tie, ties - 0.5, s);
  }

  int token;
  if (greedy) {
    auto largest = [=](float x, int token) { return x == most ? 1.0f : 0.0f; };
    sum_pieces(row, largest, s);
    token = first_beyond(row, largest, 0.0, s);
  } else {
    u64 query = (u64)queries[r];
    uint4 words = philox(seed, (u32)positions[r], (u32)step, (u32)query, (u32)(query >> 32));
    double uniform = (double)((u64)words.x << 21 | words.y >> 11) * 0x1p-53;
    auto law = [=](float x, int token) {
      u32 place = place_of(x);
      bool stays = place > border || (place == border && token <= lastTie);
      return stays ? weight(x, token) : 0.0f;
    };
    double sum = border == 0 ? total : sum_pieces(row, law, s);
    token = first_beyond(row, law, uniform * sum, s);
  }
  if (threadIdx.x == 0) {
    tokens[r] = token;
    float scaled = (row.logits[token] - most) * inverseTemperature;
    logprobs[r] = (float)((double)scaled - log(total));
  }
}
