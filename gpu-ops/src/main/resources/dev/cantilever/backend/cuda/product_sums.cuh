// The sums of a block of product_wgmma.cu: how they lie in a thread's registers and aside in global memory,
// and what becomes of them when they are finished. ROWS, TILE_M, CONSUMERS and SUMS_EACH are that file's.

// ---- sums aside in global memory ---------------------------------------------------------------

// A thread's sums as quads of four consecutive of M, of which the thread's first is at tile * TILE_M +
// m_of(): quad i belongs to row 8 * (i / 2) + 2 * (lane % 4) + i % 2.
#define QUADS (ROWS / 4)

static __device__ __forceinline__ int m_of() {
  return threadIdx.x / WARP * 32 + threadIdx.x % WARP / 4 * 4;
}

static __device__ __forceinline__ int row_of(int i) {
  return 8 * (i / 2) + 2 * (threadIdx.x % 4) + i % 2;
}

static __device__ __forceinline__ float4 sums_of(const float c[2][SUMS_EACH], int i) {
  int at = 4 * (i / 2) + i % 2;
  return make_float4(c[0][at], c[0][at + 2], c[1][at], c[1][at + 2]);
}

// Quads of a thread lie CONSUMERS apart, a segment's QUADS * CONSUMERS.
static __device__ __forceinline__ float4* quads_of(float4* aside, u32 segment) {
  return aside + (s64)segment * (QUADS * CONSUMERS) + threadIdx.x;
}

// Only rows that there are.
static __device__ __forceinline__ void put_aside(
    float4* quads, const float c[2][SUMS_EACH], int rows) {
#pragma unroll
  for (int j = 0; j < ROWS / 8; j++) {
    if (8 * j < rows) {
      __stcg(quads + 2 * j * CONSUMERS, sums_of(c, 2 * j));
      __stcg(quads + (2 * j + 1) * CONSUMERS, sums_of(c, 2 * j + 1));
    }
  }
}

static __device__ __forceinline__ void add_aside(
    float c[2][SUMS_EACH], const float4* quads, int rows) {
#pragma unroll
  for (int from = 0; from < ROWS / 8; from += 4) {
    if (8 * from < rows) {
#pragma unroll
      for (int i = 2 * from; i < 2 * from + 8 && i < QUADS; i++) {
        float4 other = __ldcg(quads + i * CONSUMERS);
        int at = 4 * (i / 2) + i % 2;
        c[0][at] += other.x;
        c[0][at + 2] += other.y;
        c[1][at] += other.z;
        c[1][at + 2] += other.w;
      }
    }
  }
}

// ---- finished sums ----------------------------------------------------------------------------

// What is done with finished sums.
struct Target {
  float* y;             // [n, m]
  int n;
  const float* absmax;  // [m] or null
  const void* bias;     // [m] or null
  int biasStorage;
  int accumulate;
  int wide;             // whether four of a row can be written at once

  float scales[4];  // of the thread's four of M
  float biases[4];

  __device__ __forceinline__ void begin(const Job& job, u32 tile) {
    int m = tile * TILE_M + m_of();
#pragma unroll
    for (int r = 0; r < 4; r++) {
      bool in = m + r < job.m;
      scales[r] = in && absmax != 0 ? absmax[m + r] / 127.0f : 1.0f;
      biases[r] = in && bias != 0 ? load_stored(bias, m + r, biasStorage) : 0.0f;
    }
  }

  __device__ __forceinline__ void finish(float4& sums) const {
    sums.x = finished(sums.x, scales[0], biases[0]);
    sums.y = finished(sums.y, scales[1], biases[1]);
    sums.z = finished(sums.z, scales[2], biases[2]);
    sums.w = finished(sums.w, scales[3], biases[3]);
  }

  // Four at `to`, which is row and first of M.
  __device__ __forceinline__ void write(float* to, float4 sums) const {
    finish(sums);
    if (accumulate) {
      float4 before = *(const float4*)to;
      sums = make_float4(before.x + sums.x, before.y + sums.y, before.z + sums.z, before.w + sums.w);
    }
    *(float4*)to = sums;
  }

  // The same, of which only `count` are there.
  __device__ __forceinline__ void write_some(float* to, float4 sums, int count) const {
    finish(sums);
    float four[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
    for (int r = 0; r < 4; r++) {
      if (r < count) to[r] = accumulate ? to[r] + four[r] : four[r];
    }
  }

  __device__ __forceinline__ void write_quad(const Job& job, const Segment& segment, int i, float4 sums) const {
    int m = segment.tile * TILE_M + m_of();
    int row = segment.rows * ROWS + row_of(i);
    if (row >= n || m >= job.m) return;
    float* to = y + (s64)row * job.m + m;
    if (wide) {
      write(to, sums);
    } else {
      write_some(to, sums, job.m - m);
    }
  }
};

// Sums in registers. Those that cannot be written four at a time take the way through memory, so that the
// code of the usual case stays short.
static __device__ __forceinline__ void store(
    Target& out, const Job& job, const Segment& segment, const float c[2][SUMS_EACH], float4* quads) {
  out.begin(job, segment.tile);
  int m = segment.tile * TILE_M + m_of();
  if (!out.wide) {
    put_aside(quads, c, out.n - segment.rows * ROWS);
#pragma unroll 1
    for (int i = 0; i < QUADS; i++) out.write_quad(job, segment, i, __ldcg(quads + i * CONSUMERS));
    return;
  }
  if (m >= job.m) return;
  int row = segment.rows * ROWS + row_of(0);
  float* to = out.y + (s64)row * job.m + m;
#pragma unroll
  for (int i = 0; i < QUADS; i++) {
    if (row + row_of(i) - row_of(0) < out.n) out.write(to, sums_of(c, i));
    to += i % 2 == 0 ? job.m : 7 * (s64)job.m;
  }
}
