// AdamW, gradient norms and scaling.
#include "prelude.cuh"

// Every operation rounds by itself, in the order of the CPU's.
extern "C" __global__ void adamw(
    float* p, const float* g, float* m, float* v, s64 count, float keep, float blend1, float beta2,
    float blend2, float rate, float root, float eps) {
  s64 stride = (s64)gridDim.x * blockDim.x;
  for (s64 i = (s64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
    float gradient = g[i];
    float first = m[i];
    first = __fadd_rn(first, __fmul_rn(blend1, __fsub_rn(gradient, first)));
    float square = __fmul_rn(gradient, gradient);
    float second = __fadd_rn(__fmul_rn(beta2, v[i]), __fmul_rn(blend2, square));
    float denominator = __fadd_rn(__fdiv_rn(__fsqrt_rn(second), root), eps);
    float change = __fmul_rn(rate, __fdiv_rn(first, denominator));
    p[i] = __fsub_rn(__fmul_rn(p[i], keep), change);
    m[i] = first;
    v[i] = second;
  }
}

extern "C" __global__ void scale(float* g, s64 count, float factor) {
  s64 stride = (s64)gridDim.x * blockDim.x;
  for (s64 i = (s64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
    g[i] *= factor;
  }
}

// ---- sum of squares, as if added one by one ---------------------------------------------------
//
// A sum of doubles in ascending order can be taken in parallel to the bit. While the running sum S
// keeps its exponent, adding a term adds a whole number of units (of S's last place) that depends
// on the term alone, or, where the term lies half way between two, on whether S is even. So a term
// is a function of S's parity, and so is a range of terms: functions of ranges compose, and
// composing is associative. Where S outgrows its exponent, the term that makes it do so is added
// alone and the rest goes on in the new unit; that happens some ten times.

#define THREADS 1024
#define PER_THREAD 8
#define TILE (THREADS * PER_THREAD)
#define TOP (1ull << 53)    // S in units: [2^52, 2^53], the last being the next exponent's first
#define BEYOND (2 * TOP)    // as good as any larger number
#define WHOLLY_ABOVE 64     // a shift that takes any term beyond

// What a range adds to S, in units, if S is even and if S is odd.
struct Steps {
  u64 even;
  u64 odd;
};

static __device__ __forceinline__ u64 after(u64 units, const Steps& steps) {
  u64 sum = units + (units & 1 ? steps.odd : steps.even);
  return sum < BEYOND ? sum : BEYOND;
}

static __device__ __forceinline__ Steps then(const Steps& a, const Steps& b) {
  Steps both;
  both.even = after(a.even, b);
  u64 odd = a.odd + (a.odd & 1 ? b.even : b.odd);
  both.odd = odd < BEYOND ? odd : BEYOND;
  return both;
}

// x^2 in units of which it is m^2 2^shift, m the 24 bits of x at exponent zero of its own.
static __device__ __forceinline__ Steps steps_of(float x, int sumExponent, bool added) {
  Steps steps = {0, 0};
  u32 bits = __float_as_uint(x) & 0x7fffffff;
  if (added || bits == 0) return steps;
  int exponent = bits >> 23;
  u64 m = (bits & 0x7fffff) | (exponent == 0 ? 0 : 0x800000);
  u64 square = m * m;  // below 2^48
  int shift = sumExponent == 0 ? WHOLLY_ABOVE
                               : 2 * ((exponent == 0 ? 1 : exponent) - 150) - (sumExponent - 1075);
  if (exponent == 255 || shift > 53 || (shift > 0 && square >> (53 - shift) != 0)) {
    steps.even = steps.odd = BEYOND;
  } else if (shift >= 0) {
    steps.even = steps.odd = square << shift;
  } else if (shift >= -48) {
    u64 whole = square >> -shift;
    u64 rest = square & ((1ull << -shift) - 1);
    u64 half = 1ull << (-shift - 1);
    steps.even = whole + (rest > half || (rest == half && (whole & 1)) ? 1 : 0);
    steps.odd = whole + (rest > half || (rest == half && !(whole & 1)) ? 1 : 0);
  }
  return steps;
}

static __device__ __forceinline__ Steps steps_up(const Steps& steps, int distance) {
  Steps below;
  below.even = __shfl_up_sync(FULL_WARP, steps.even, distance);
  below.odd = __shfl_up_sync(FULL_WARP, steps.odd, distance);
  return below;
}

// What the ranges of the lanes below and the own one add together.
static __device__ __forceinline__ Steps steps_scan(Steps steps) {
#pragma unroll
  for (int distance = 1; distance < WARP; distance <<= 1) {
    Steps below = steps_up(steps, distance);
    if (threadIdx.x % WARP >= distance) steps = then(below, steps);
  }
  return steps;
}

// The same of the lanes below alone.
static __device__ __forceinline__ Steps steps_below(const Steps& scanned) {
  Steps below = steps_up(scanned, 1);
  if (threadIdx.x % WARP == 0) below.even = below.odd = 0;
  return below;
}

// One block.
extern "C" __global__ void __launch_bounds__(THREADS) squared_norm(
    double* result, const float* g, s64 count) {
  __shared__ Steps warps[WARP];
  __shared__ double next;
  __shared__ int crossing;  // place in the tile of the first term that changes S's exponent
  bool wide = quads_align((u64)g, 0);
  double sum = 0.0;
  s64 at = 0;  // the first element not yet added
  while (at < count && sum == sum) {
    s64 base = at - at % TILE;
    s64 mine = base + threadIdx.x * PER_THREAD;
    u64 sumBits = (u64)__double_as_longlong(sum);
    int sumExponent = (int)(sumBits >> 52);
    u64 units = (sumBits & (TOP / 2 - 1)) | TOP / 2;
    float x[PER_THREAD];
    Steps steps = {0, 0};
#pragma unroll
    for (int half = 0; half < PER_THREAD; half += 4) {
      quad q = load_quad(g, mine + half, count - mine - half, wide);
#pragma unroll
      for (int i = 0; i < 4; i++) {
        x[half + i] = q.e[i];
        // To an infinite sum only NaN makes a difference.
        bool added = mine + half + i < at || (sumExponent == 2047 && q.e[i] == q.e[i]);
        steps = then(steps, steps_of(q.e[i], sumExponent, added));
      }
    }
    Steps scanned = steps_scan(steps);
    int warp = threadIdx.x / WARP;
    if (threadIdx.x % WARP == WARP - 1) warps[warp] = scanned;
    if (threadIdx.x == 0) crossing = TILE;
    __syncthreads();
    Steps below = steps_below(steps_scan(warps[threadIdx.x % WARP]));
    Steps before;
    before.even = __shfl_sync(FULL_WARP, below.even, warp);
    before.odd = __shfl_sync(FULL_WARP, below.odd, warp);
    units = after(after(units, before), steps_below(scanned));
    double unit = __longlong_as_double((s64)(sumExponent - 52) << 52);
    double alone = 0.0;
    int own = TILE;
#pragma unroll
    for (int i = 0; i < PER_THREAD; i++) {
      bool added = mine + i < at || (sumExponent == 2047 && x[i] == x[i]);
      u64 reached = after(units, steps_of(x[i], sumExponent, added));
      if (own == TILE && reached > TOP) {
        own = threadIdx.x * PER_THREAD + i;
        double start = sumExponent == 0 || sumExponent == 2047 ? sum : (double)units * unit;
        alone = start + (double)x[i] * x[i];
      }
      units = reached;
    }
    if (own < TILE) atomicMin(&crossing, own);
    __syncthreads();
    if (own < TILE ? own == crossing : crossing == TILE && threadIdx.x == THREADS - 1) {
      next = own < TILE ? alone
                        : sumExponent == 0 || sumExponent == 2047 ? sum : (double)units * unit;
    }
    int crossed = crossing;
    __syncthreads();
    sum = next;
    at = base + (crossed < TILE ? crossed + 1 : TILE);
  }
  if (threadIdx.x == 0) *result = sum;
}
