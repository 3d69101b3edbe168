// What norms share: a block has a row, and a thread's share of it stays in registers from its one reading
// to its one writing. QUADS, a definition, is how many quads a thread has; they lie blockDim.x quads apart.
// A thread asks for all that it reads before it uses any of it, as far as its registers reach.

#define THREADS 512  // of a block, at most
#define WARPS (THREADS / WARP)

constexpr bool EARLY = QUADS <= 4;  // whether they reach for more than a row or two

// Blocks of many quads a thread are full.
static __device__ __forceinline__ int quad_start(int q) {
  return (q * (EARLY ? blockDim.x : THREADS) + threadIdx.x) * 4;
}

// How many elements of a row of `c` a thread reads from `at` on; WIDE rows have whole quads.
template <bool WIDE>
static __device__ __forceinline__ int quad_count(int at, int c) {
  return WIDE ? at < c ? 4 : 0 : c - at;
}

template <bool WIDE>
static __device__ __forceinline__ void load_row(quad (&row)[QUADS], const float* base, int c) {
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    row[q] = load_quad(base, at, quad_count<WIDE>(at, c), WIDE);
  }
}

template <bool WIDE>
static __device__ __forceinline__ void store_row(float* base, int c, const quad (&row)[QUADS]) {
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    store_quad(base, at, quad_count<WIDE>(at, c), WIDE, row[q]);
  }
}

// A row of whole quads, rounded.
static __device__ __forceinline__ void store_rounded_row(
    const RoundedRows& to, int c, const quad (&row)[QUADS]) {
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    int at = quad_start(q);
    if (at < c) to.store(blockIdx.x, at, row[q]);
  }
}

// Four elements as they are stored: 16-bit ones in the first two words, the earlier one in the low half.
struct stored_quad {
  u32 words[4];
};

// A vector of any storage type: read at once and widened where it is used, or read there unless EARLY.
template <bool WIDE>
struct Vector {
  const void* base;
  int c;
  int storage;
  stored_quad quads[EARLY ? QUADS : 1];

  __device__ __forceinline__ Vector(const void* base, int c, int storage)
      : base(base), c(c), storage(storage) {
    if constexpr (EARLY) read();
  }

  __device__ __forceinline__ void read() {
#pragma unroll
    for (int q = 0; q < QUADS; q++) quads[q] = {};
    if (storage == STORAGE_F32) {
#pragma unroll
      for (int q = 0; q < QUADS; q++) {
        int at = quad_start(q);
        const u32* source = (const u32*)base + at;
        if (WIDE) {
          uint4 v = at < c ? *(const uint4*)source : make_uint4(0, 0, 0, 0);
          quads[q] = {{v.x, v.y, v.z, v.w}};
        } else {
#pragma unroll
          for (int i = 0; i < 4; i++) quads[q].words[i] = at + i < c ? source[i] : 0;
        }
      }
    } else {
#pragma unroll
      for (int q = 0; q < QUADS; q++) {
        int at = quad_start(q);
        const u16* source = (const u16*)base + at;
        if (WIDE) {
          uint2 v = at < c ? *(const uint2*)source : make_uint2(0, 0);
          quads[q] = {{v.x, v.y}};
        } else {
#pragma unroll
          for (int i = 0; i < 4; i++) {
            quads[q].words[i / 2] |= (at + i < c ? (u32)source[i] : 0) << i % 2 * 16;
          }
        }
      }
    }
  }

  __device__ __forceinline__ u16 half_word(int q, int i) const {
    return (u16)(quads[q].words[i / 2] >> i % 2 * 16);
  }

  __device__ __forceinline__ quad widened(int q) const {
    if constexpr (EARLY) {
      quad wide;
      if (storage == STORAGE_F32) {
#pragma unroll
        for (int i = 0; i < 4; i++) wide.e[i] = __uint_as_float(quads[q].words[i]);
      } else if (storage == STORAGE_F16) {
#pragma unroll
        for (int i = 0; i < 4; i++) wide.e[i] = half_to_float(half_word(q, i));
      } else {
#pragma unroll
        for (int i = 0; i < 4; i++) wide.e[i] = bfloat_to_float(half_word(q, i));
      }
      return wide;
    } else {
      asm volatile("" ::: "memory");  // not all of it at once
      int at = quad_start(q);
      return load_quad(base, at, quad_count<WIDE>(at, c), WIDE, storage);
    }
  }
};

static __device__ __forceinline__ float row_sum(const quad (&row)[QUADS]) {
  float sum = 0.0f;
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    sum += (row[q].e[0] + row[q].e[1]) + (row[q].e[2] + row[q].e[3]);
  }
  return sum;
}

static __device__ __forceinline__ float row_dot(const quad (&a)[QUADS], const quad (&b)[QUADS]) {
  float sum = 0.0f;
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
#pragma unroll
    for (int i = 0; i < 4; i++) sum = fmaf(a[q].e[i], b[q].e[i], sum);
  }
  return sum;
}

// What lies behind the row stays zero.
static __device__ __forceinline__ void subtract(quad (&row)[QUADS], int c, float value) {
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
#pragma unroll
    for (int i = 0; i < 4; i++) row[q].e[i] -= quad_start(q) + i < c ? value : 0.0f;
  }
}

// Sums over the block of N values a thread, the same bits in every thread: warps first, then their sums
// in pairs. No two calls of a kernel share `scratch`, so one barrier is enough.
template <int N>
static __device__ __forceinline__ void block_sums(float (&sums)[N], float4 (&scratch)[N][WARPS / 4]) {
  int warps = blockDim.x / WARP;
#pragma unroll
  for (int distance = WARP / 2; distance > 0; distance /= 2) {
#pragma unroll
    for (int n = 0; n < N; n++) sums[n] += __shfl_xor_sync(FULL_WARP, sums[n], distance);
  }
#pragma unroll
  for (int n = 0; n < N; n++) {
    float* ofWarps = (float*)scratch[n];
    if (threadIdx.x % WARP == 0) ofWarps[threadIdx.x / WARP] = sums[n];
    if (threadIdx.x >= warps && threadIdx.x < WARPS) ofWarps[threadIdx.x] = 0.0f;
  }
  __syncthreads();
#pragma unroll
  for (int n = 0; n < N; n++) {
    float four[WARPS / 4];
#pragma unroll
    for (int w = 0; w < WARPS / 4; w++) {
      float4 v = scratch[n][w];
      four[w] = (v.x + v.y) + (v.z + v.w);
    }
    sums[n] = (four[0] + four[1]) + (four[2] + four[3]);
  }
}

// A row of `base` times a vector.
template <bool WIDE>
static __device__ __forceinline__ void load_scaled(
    quad (&row)[QUADS], const float* base, const Vector<WIDE>& vector) {
  if (EARLY) load_row<WIDE>(row, base, vector.c);
#pragma unroll
  for (int q = 0; q < QUADS; q++) {
    quad scale = vector.widened(q);
    int at = quad_start(q);
    if (!EARLY) row[q] = load_quad(base, at, quad_count<WIDE>(at, vector.c), WIDE);
#pragma unroll
    for (int i = 0; i < 4; i++) row[q].e[i] = __fmul_rn(row[q].e[i], scale.e[i]);
  }
}

// Adds what a row holds, or not, and stores. The values have been rounded, or what is added would not be
// what is written. `present` was read before where EARLY.
template <bool WIDE>
static __device__ __forceinline__ void put_row(
    float* dx, int c, quad (&row)[QUADS], quad (&present)[QUADS], int accumulate) {
  if (accumulate) {
#pragma unroll
    for (int q = 0; q < QUADS; q++) {
      int at = quad_start(q);
      if (!EARLY) present[q] = load_quad(dx, at, quad_count<WIDE>(at, c), WIDE);
#pragma unroll
      for (int i = 0; i < 4; i++) row[q].e[i] = __fadd_rn(present[q].e[i], row[q].e[i]);
    }
  }
  store_row<WIDE>(dx, c, row);
}

// The kernel of a backward whose `normalize_backward` stands before it: a block a row.
#define NORM_BACKWARD(name)                                                                     \
  extern "C" __global__ void __launch_bounds__(THREADS) name(                                   \
      float* dx, const float* dy, const float* x, const void* gamma, int c, int gammaStorage,   \
      float eps, int accumulate) {                                                              \
    s64 start = (s64)blockIdx.x * c;                                                            \
    if (quads_align((u64)dx | (u64)dy | (u64)x | (u64)gamma, c)) {                              \
      normalize_backward<true>(                                                                 \
          dx + start, dy + start, x + start, gamma, c, gammaStorage, eps, accumulate);          \
    } else {                                                                                    \
      normalize_backward<false>(                                                                \
          dx + start, dy + start, x + start, gamma, c, gammaStorage, eps, accumulate);          \
    }                                                                                           \
  }
