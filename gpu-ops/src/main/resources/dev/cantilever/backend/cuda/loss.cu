// The distribution of a row from its logits, which come a chunk of the vocabulary at a time, chunks
// in ascending order. One block reads a row, in tiles at fixed places, so a row's bits depend
// neither on its neighbours nor on how many rows there are.
#include "prelude.cuh"

#define THREADS 256
#define GROUPS 8  // of four logits, of each thread in a tile
#define TILE (THREADS * GROUPS * 4)

#define ALL_FINITE 0xffffffffu
#define MOST_FLOAT 3.402823466e+38f
#define MINUS_INFINITY (__int_as_float(0xff800000))

// How z is made of what the head gives: times the scale, with CAPPED after cap tanh(logit / cap).
#ifdef CAPPED
struct LogitRule {
  float scale;
  float cap;
};

static __device__ __forceinline__ float scale_of(LogitRule rule) { return rule.scale; }
#else
typedef float LogitRule;

static __device__ __forceinline__ float scale_of(LogitRule rule) { return rule; }
#endif

// What is known of a row of logits, z each. RowLogits knows the size.
struct RowState {
  double sum;       // of exp(z - max)
  double weighted;  // of exp(z - max) * (z - max), or of exp(z - max) * (z - z of the other row)
  float max;
  float target;  // z of the target
  u32 bad;       // least bits of the logits that are not finite, or ALL_FINITE
};

// What the gradient needs of it.
struct Normalizer {
  double max;
  double sum;
};

static __device__ __forceinline__ bool is_finite(float x) {
  return fabsf(x) <= MOST_FLOAT;
}

// The bits by which a logit that is not finite, or is not once scaled, is reported.
static __device__ __forceinline__ u32 reported_bits(float logit) {
  return min(__float_as_uint(logit), ALL_FINITE - 1);
}

#ifdef CAPPED
static __device__ __forceinline__ float share_of_cap(float logit, LogitRule rule) {
  return tanhf(logit / rule.cap);
}
#endif

// Rounded here, and never fused into a sum: equal logits must have a difference of zero. What is not
// finite is not capped, so that it is reported.
static __device__ __forceinline__ float scaled(float logit, LogitRule rule) {
#ifdef CAPPED
  if (is_finite(logit)) logit = __fmul_rn(share_of_cap(logit, rule), rule.cap);
#endif
  return __fmul_rn(logit, scale_of(rule));
}

// Four logits of a row from one that is a multiple of four; those behind the last are 0.
static __device__ __forceinline__ void load_four(
    float* four, const float* row, int at, int columns) {
  if (columns % 4 == 0) {  // every row begins at a multiple of 16 bytes
    float4 loaded = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (at < columns) loaded = *(const float4*)(row + at);
    four[0] = loaded.x;
    four[1] = loaded.y;
    four[2] = loaded.z;
    four[3] = loaded.w;
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) four[i] = at + i < columns ? row[at + i] : 0.0f;
  }
}

// Continues the sums of a row by a chunk. A thread adds four terms in float, by pairs, and all else
// in double: a float sum over 50,000 exponentials would cost a log-probability a digit.
template <bool AGAINST>
static __device__ __forceinline__ void scan_row(
    RowState* state, const float* row, const float* other, int columns, bool first, LogitRule rule) {
  __shared__ float maxima[THREADS / WARP];
  __shared__ double sums[THREADS / WARP];
  double sum = 0.0;
  double weighted = 0.0;
  float max = MINUS_INFINITY;
  if (!first) {
    sum = state->sum;
    weighted = state->weighted;
    max = state->max;
  } else if (threadIdx.x == 0) {
    state->bad = ALL_FINITE;
  }
  __syncthreads();  // the state has been read, and may be reported into

  for (int tile = 0; tile < columns; tile += TILE) {
    float z[GROUPS * 4];
    float most = max;
    u32 bad = ALL_FINITE;
#pragma unroll
    for (int g = 0; g < GROUPS; g++) {
      int at = tile + (g * THREADS + threadIdx.x) * 4;
      float four[4];
      load_four(four, row, at, columns);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float value = scaled(four[i], rule);
        if (!is_finite(value)) bad = min(bad, reported_bits(four[i]));
        z[g * 4 + i] = at + i < columns ? value : MINUS_INFINITY;
        most = fmaxf(most, z[g * 4 + i]);
      }
    }
    if (bad != ALL_FINITE) atomicMin(&state->bad, bad);

    float raised = block_max(most, maxima);
    if (sum > 0.0 && raised > max) {  // what was summed relative to the old maximum
      double by = (double)max - (double)raised;
      double factor = exp(by);
      weighted = AGAINST ? weighted * factor : (weighted + by * sum) * factor;
      sum *= factor;
    }
    max = raised;

    double tileSum = 0.0;
    double tileWeighted = 0.0;
#pragma unroll
    for (int g = 0; g < GROUPS; g++) {
      float others[4];
      if (AGAINST) {
        load_four(others, other, tile + (g * THREADS + threadIdx.x) * 4, columns);
      }
      float e[4];
      float term[4];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float value = z[g * 4 + i];
        e[i] = expf(value - max);
        float factor = AGAINST ? value - scaled(others[i], rule) : value - max;
        term[i] = e[i] > 0.0f ? e[i] * factor : 0.0f;  // not 0 * -infinity
      }
      tileSum += (e[0] + e[1]) + (e[2] + e[3]);
      tileWeighted += (term[0] + term[1]) + (term[2] + term[3]);
    }
    sum += block_sum(tileSum, sums);
    weighted += block_sum(tileWeighted, sums);
  }

  if (threadIdx.x == 0) {
    state->sum = sum;
    state->weighted = weighted;
    state->max = max;
  }
}

// A block a row; targets may be null. Columns are those of the chunk, from `firstColumn` on.
extern "C" __global__ void scan(
    RowState* states,
    const float* logits,
    const int* targets,
    int columns,
    int firstColumn,
    LogitRule rule) {
  RowState* state = states + blockIdx.x;
  const float* row = logits + (s64)blockIdx.x * columns;
  scan_row<false>(state, row, row, columns, firstColumn == 0, rule);
  if (targets != nullptr && threadIdx.x == 0) {
    int target = targets[blockIdx.x] - firstColumn;
    if (target >= 0 && target < columns) state->target = scaled(row[target], rule);
  }
}

// As scan, with the weights of a divergence from the other rows.
extern "C" __global__ void scan_against(
    RowState* states,
    const float* logits,
    const float* others,
    int columns,
    int firstColumn,
    LogitRule rule) {
  s64 at = (s64)blockIdx.x * columns;
  scan_row<true>(
      states + blockIdx.x, logits + at, others + at, columns, firstColumn == 0, rule);
}

// What follows has a thread a row.

extern "C" __global__ void report_not_finite(
    const RowState* states, int rows, int firstRow, u64* faults, int call) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < rows && states[row].bad != ALL_FINITE) {
    report_fault(faults, call, firstRow + row, states[row].bad);
  }
}

extern "C" __global__ void finish_logprobs(
    float* logprobs, float* entropy, Normalizer* normalizers, const RowState* states, int rows) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  RowState state = states[row];
  double logSum = log(state.sum);
  logprobs[row] = (float)(((double)state.target - (double)state.max) - logSum);
  entropy[row] = (float)(logSum - state.weighted / state.sum);
  normalizers[row] = {state.max, state.sum};
}

// sum of p (log p - log q) = sum of p (z of p - z of q) - (log-sum-exp of p - that of q)
extern "C" __global__ void finish_divergence(
    float* kl, const RowState* statesP, const RowState* statesQ, int rows) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  RowState p = statesP[row];
  RowState q = statesQ[row];
  double normalizers = ((double)p.max - (double)q.max) + (log(p.sum) - log(q.sum));
  kl[row] = (float)(p.weighted / p.sum - normalizers);
}

extern "C" __global__ void check_targets(
    const int* targets, int rows, int vocabulary, u64* faults, int call) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < rows && (targets[row] < 0 || targets[row] >= vocabulary)) {
    report_fault(faults, call, row, (u32)targets[row]);
  }
}

extern "C" __global__ void check_finite(const float* values, int rows, u64* faults, int call) {
  int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < rows && !is_finite(values[row])) {
    report_fault(faults, call, row, __float_as_uint(values[row]));
  }
}

// Logits become their gradient: scale * dLogprob * (onehot(target) - p), times the slope of a cap. Four
// columns a thread. Rows are
// reported as from `firstRow` on.
extern "C" __global__ void logit_gradient(
    float* logits,
    const Normalizer* normalizers,
    const float* dLogprobs,
    const int* targets,
    int columns,
    int firstColumn,
    LogitRule rule,
    int firstRow,
    u64* faults,
    int call) {
  int at = (blockIdx.y * THREADS + threadIdx.x) * 4;
  if (at >= columns) return;
  float* row = logits + (s64)blockIdx.x * columns;
  float max = (float)normalizers[blockIdx.x].max;
  float factor = scale_of(rule) * dLogprobs[blockIdx.x];
  float share = -factor / (float)normalizers[blockIdx.x].sum;
  int target = targets[blockIdx.x] - firstColumn - at;
  float four[4];
  load_four(four, row, at, columns);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    float value = scaled(four[i], rule);
    if (!is_finite(value)) report_fault(faults, call, firstRow + blockIdx.x, reported_bits(four[i]));
#ifdef CAPPED
    float part = share_of_cap(four[i], rule);
#endif
    four[i] = expf(value - max) * share;
    if (i == target) four[i] += factor;
#ifdef CAPPED
    four[i] *= fmaf(-part, part, 1.0f);
#endif
  }
  if (columns % 4 == 0) {
    *(float4*)(row + at) = make_float4(four[0], four[1], four[2], four[3]);
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (at + i < columns) row[at + i] = four[i];
    }
  }
}
