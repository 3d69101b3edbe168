// The sums of a block (product_block.cuh): how they lie in a thread's registers and aside in global memory,
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

#if PARTS == 2
// Scales a thread's sums by its part's scales s1 or s2; the first part's, if the second's will be added to
// them, by s1 / s2. A row of zeros has a scale of zero, and one far below the other's adds nothing to it.
static __device__ __forceinline__ void scale_part(
    float c[2][SUMS_EACH], const Job& job, const Segment& segment, int part, bool both) {
  int m = segment.tile * TILE_M + m_of();
#pragma unroll
  for (int r = 0; r < 4; r++) {
    bool in = m + r < job.m;
    float one = in ? job.absmax[m + r] / 127.0f : 1.0f;
    float two = in ? job.second.absmax[m + r] / 127.0f : 1.0f;
    if (both) {
      two = fmaxf(two, one * 0x1p-60f);
      if (two == 0) two = 1;
    }
    float scale = part == 1 ? two : both ? one / two : one;
#pragma unroll
    for (int i = 0; i < SUMS_EACH; i++) {
      if (i % 4 / 2 == r % 2) c[r / 2][i] *= scale;
    }
  }
}
#endif

// ---- finished sums ----------------------------------------------------------------------------

// What is done with finished sums: they are scaled, the bias is added, and that is added to the addend.
struct Target {
  float* y;             // [n, m]
  int n;
  const float* absmax;  // [m] or null
  const void* bias;     // [m] or null
  int biasStorage;
  const float* addend;  // [n, m] that the sums are added to, y itself or apart from it, or null
  int wide;             // whether four of a row can be read and written at once
#if PARTS == 2
  const void* bias2;    // [m] or null
  int biasStorage2;
#endif
  float scales[4];  // of the thread's four of M
  float biases[4];

  // Reads what finishing a tile takes: before others' sums are waited for, since it comes from far.
  __device__ __forceinline__ void begin(const Job& job, u32 tile) {
    int m = tile * TILE_M + m_of();
#pragma unroll
    for (int r = 0; r < 4; r++) {
      bool in = m + r < job.m;
      scales[r] = in && absmax != 0 ? absmax[m + r] / 127.0f : 1.0f;
      biases[r] = in && bias != 0 ? load_stored(bias, m + r, biasStorage) : 0.0f;
#if PARTS == 2
      if (in && bias2 != 0) biases[r] += load_stored(bias2, m + r, biasStorage2);
#endif
    }
  }

  __device__ __forceinline__ void finish(float4& sums) const {
    sums.x = finished(sums.x, scales[0], biases[0]);
    sums.y = finished(sums.y, scales[1], biases[1]);
    sums.z = finished(sums.z, scales[2], biases[2]);
    sums.w = finished(sums.w, scales[3], biases[3]);
  }

  // Four of the addend at `at`, which is row and first of M. A batch of quads is read before any of it is
  // written: the compiler, for which the writes may go to the same places, would have each read wait.
  __device__ __forceinline__ float4 read(s64 at) const { return *(const float4*)(addend + at); }

  // Four at `at`, `before` being what was read there if there is an addend.
  __device__ __forceinline__ void write(s64 at, float4 sums, float4 before) const {
    finish(sums);
    if (addend != 0) {
      sums = make_float4(before.x + sums.x, before.y + sums.y, before.z + sums.z, before.w + sums.w);
    }
    *(float4*)(y + at) = sums;
  }

  // The same without `read`, of which only `count` are there.
  __device__ __forceinline__ void write_some(s64 at, float4 sums, int count) const {
    finish(sums);
    float four[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
    for (int r = 0; r < 4; r++) {
      if (r < count) y[at + r] = addend != 0 ? addend[at + r] + four[r] : four[r];
    }
  }

  __device__ __forceinline__ bool has_quad(const Job& job, const Segment& segment, int i) const {
    return segment.rows * ROWS + row_of(i) < n && segment.tile * TILE_M + m_of() < job.m;
  }

  __device__ __forceinline__ s64 at_quad(const Job& job, const Segment& segment, int i) const {
    return (s64)(segment.rows * ROWS + row_of(i)) * job.m + segment.tile * TILE_M + m_of();
  }

  __device__ __forceinline__ float4 read_quad(const Job& job, const Segment& segment, int i) const {
    float4 before = make_float4(0, 0, 0, 0);
    if (addend != 0 && wide && has_quad(job, segment, i)) before = read(at_quad(job, segment, i));
    return before;
  }

  __device__ __forceinline__ void write_quad(
      const Job& job, const Segment& segment, int i, float4 sums, float4 before) const {
    if (!has_quad(job, segment, i)) return;
    s64 at = at_quad(job, segment, i);
    if (wide) {
      write(at, sums, before);
    } else {
      write_some(at, sums, job.m - (segment.tile * TILE_M + m_of()));
    }
  }
};

#define STORED_AT_ONCE 4  // quads whose addends are read before any is written, as registers allow

// Sums in registers. None of them goes through memory aside: what a block has there may be another's segment,
// which the block that adds it has not read yet.
static __device__ __forceinline__ void store(
    const Target& out, const Job& job, const Segment& segment, const float c[2][SUMS_EACH]) {
  if (!out.wide) {
#pragma unroll
    for (int i = 0; i < QUADS; i++) {
      out.write_quad(job, segment, i, sums_of(c, i), make_float4(0, 0, 0, 0));
    }
    return;
  }
  if (segment.tile * TILE_M + m_of() >= job.m) return;
  int rows = out.n - segment.rows * ROWS - row_of(0);  // from the thread's first on
  s64 at = out.at_quad(job, segment, 0);
#pragma unroll
  for (int from = 0; from < QUADS; from += STORED_AT_ONCE) {
    float4 before[STORED_AT_ONCE] = {};
    if (out.addend != 0) {
#pragma unroll
      for (int i = 0; i < STORED_AT_ONCE && from + i < QUADS; i++) {
        if (row_of(from + i) - row_of(0) < rows) {
          before[i] = out.read(at + (i / 2 * 8 + i % 2) * (s64)job.m);
        }
      }
    }
#pragma unroll
    for (int i = 0; i < STORED_AT_ONCE && from + i < QUADS; i++) {
      if (row_of(from + i) - row_of(0) < rows) {
        out.write(at + (i / 2 * 8 + i % 2) * (s64)job.m, sums_of(c, from + i), before[i]);
      }
    }
    at += STORED_AT_ONCE * 4 * (s64)job.m;
  }
}
