// Products of fp32 rows, rounded to bf16, with a frozen weight, on the tensor cores.
//
//   forward:  y[n, o]  = sum over i of x[n, i] * W[o, i]        M = O, K = I
//   gradient: dx[n, i] = sum over o of dy[n, o] * W[o, i]       M = I, K = O
//
// Compiled once per WEIGHT (INT8, BF16, F16) and DIRECTION (FORWARD, GRADIENT).
//
// A warp computes 32 of the M dimension for 8 * NT rows by mma.m16n8k16 with the weight as operand A,
// straight from global memory into registers, and the rows as operand B from shared memory. Which of
// the 16 inner indices of an mma a register stands for is free as long as A and B agree; the kernel
// `pack_rows` writes the rows in the order that makes the weight's loads 8 or 16 bytes wide.
//
// Order of a sum (the same whatever n is): the inner dimension is cut into slices of a fixed number of
// elements; a slice is one chain of mma in ascending order from zero; slices are added in ascending
// order. Slices are blocks of their own (`partial`, then `reduce_slices`), or one block goes through all
// of them (`full`), with the same bits. A finished sum is scaled, the bias added, and that added to the
// addend [n, M] where there is one: y itself, or another matrix.
#include "prelude.cuh"
#include "weight_fragments.cuh"
#include "mma.cuh"

#define WARPS 4                    // of a block
#define STAGE_K 64                 // inner elements of a stage of rows in shared memory
#define STAGES 4
#define CHUNKS (STAGE_K / 8)       // 16-byte pieces of a row in a stage

#define STEPS (STAGE_K / STEP_K)

// Rows of a stage lie 128 bytes apart; piece c of row r at piece c ^ (r % 8), so that the eight rows
// of an ldmatrix fall on different banks.
template <int NT>
static __device__ __forceinline__ void fetch_rows(
    u8* stage, const u16* rows, int pitch, int firstRow, int n, int k) {
  for (int i = threadIdx.x; i < 8 * NT * CHUNKS; i += WARPS * WARP) {
    int row = i / CHUNKS;
    int chunk = i % CHUNKS;
    const u16* from = rows + (s64)min(firstRow + row, n - 1) * pitch + k + 8 * chunk;
    u32 to = shared_address(stage) + row * (STAGE_K * 2) + ((chunk ^ (row & 7)) * 16);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from));
  }
}

// acc[j][tile][c] += the weight's fragments times rows [8j, 8j + 8) of a stage, for mma `q` of 4.
template <int NT>
static __device__ __forceinline__ void multiply(float acc[NT][2][4], const u32 a[2][4], u32 stage, int q) {
  int lane = threadIdx.x % WARP;
  if (NT == 1) {
    int row = lane & 7;
    int chunk = 2 * q + ((lane >> 3) & 1);
    u32 at = stage + row * (STAGE_K * 2) + ((chunk ^ row) * 16);
    u32 b0, b1;
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];" : "=r"(b0), "=r"(b1) : "r"(at));
    mma(acc[0][0], a[0], b0, b1);
    mma(acc[0][1], a[1], b0, b1);
  } else {
#pragma unroll
    for (int j = 0; j < NT; j += 2) {
      int row = 8 * (j + (lane >> 4)) + (lane & 7);
      int chunk = 2 * q + ((lane >> 3) & 1);
      u32 at = stage + row * (STAGE_K * 2) + ((chunk ^ (lane & 7)) * 16);
      u32 b0, b1, b2, b3;
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                   : "=r"(b0), "=r"(b1), "=r"(b2), "=r"(b3)
                   : "r"(at));
      mma(acc[j][0], a[0], b0, b1);
      mma(acc[j][1], a[1], b0, b1);
      mma(acc[j + (NT > 1)][0], a[0], b2, b3);
      mma(acc[j + (NT > 1)][1], a[1], b2, b3);
    }
  }
}

template <int NT>
static __device__ __forceinline__ void clear(float acc[NT][2][4]) {
#pragma unroll
  for (int j = 0; j < NT; j++)
#pragma unroll
    for (int tile = 0; tile < 2; tile++)
#pragma unroll
      for (int c = 0; c < 4; c++) acc[j][tile][c] = 0;
}

// The sum of slices so far, in shared memory: it is touched once a slice and would take half of the
// registers. A thread's own elements lie blockDim.x apart.
template <int NT>
static __device__ __forceinline__ void add_slice(float* total, float acc[NT][2][4], bool first) {
#pragma unroll
  for (int i = 0; i < 8 * NT; i++) {
    float* sum = total + i * (WARPS * WARP) + threadIdx.x;
    float slice = acc[i / 8][i % 8 / 4][i % 4];
    *sum = first ? slice : *sum + slice;
  }
}

// The stages [from, to) of the inner dimension. With FULL every `sliceStages` of them are a slice whose
// sum goes to `total`; else they are one slice and its sum stays in `acc`.
template <int NT, bool FULL>
static __device__ __forceinline__ void inner_product(
    float acc[NT][2][4], const Frozen& w, const u16* rows, int pitch, int n, int tile, int firstRow,
    int from, int to, int sliceStages) {
  extern __shared__ __align__(128) u8 shared[];
  float* total = (float*)(shared + STAGES * 8 * NT * STAGE_K * 2);
  const int stageBytes = 8 * NT * STAGE_K * 2;
#pragma unroll
  for (int s = 0; s < STAGES - 1; s++) {
    if (from + s < to) fetch_rows<NT>(shared + s * stageBytes, rows, pitch, firstRow, n, (from + s) * STAGE_K);
    asm volatile("cp.async.commit_group;");
  }
  Step next;
  load_step(next, w, tile, from * STAGE_K);
  clear<NT>(acc);
  int slot = 0;
  int inSlice = 0;
#pragma unroll 1
  for (int stage = from; stage < to; stage++) {
    asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2));
    __syncthreads();
    int ahead = stage + STAGES - 1;
    if (ahead < to) {
      int aheadSlot = slot == 0 ? STAGES - 1 : slot - 1;
      fetch_rows<NT>(shared + aheadSlot * stageBytes, rows, pitch, firstRow, n, ahead * STAGE_K);
    }
    asm volatile("cp.async.commit_group;");
    u32 stageAt = shared_address(shared + slot * stageBytes);
#pragma unroll
    for (int part = 0; part < STEPS; part++) {
      Step now = next;
      int following = stage * STAGE_K + (part + 1) * STEP_K;
      if (following < to * STAGE_K) load_step(next, w, tile, following);
#pragma unroll
      for (int q = 0; q < STEP_MMAS; q++) {
        u32 a[2][4];
        fragments(a, now, q, TWICE_128);
#if WEIGHT == F16
        u32 low[2][4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
          split(a[0][i], low[0][i], a[0][i]);
          split(a[1][i], low[1][i], a[1][i]);
        }
        multiply<NT>(acc, a, stageAt, part * STEP_MMAS + q);
        multiply<NT>(acc, low, stageAt, part * STEP_MMAS + q);
#else
        multiply<NT>(acc, a, stageAt, part * STEP_MMAS + q);
#endif
      }
    }
    slot = slot == STAGES - 1 ? 0 : slot + 1;
    if (FULL && (++inSlice == sliceStages || stage + 1 == to)) {
      add_slice<NT>(total, acc, stage < from + sliceStages);
      clear<NT>(acc);
      inSlice = 0;
    }
  }
}

// The four consecutive sums in M that a lane has for row 8j + 2t + odd.
static __device__ __forceinline__ float4 four_sums(const float sums[2][4], int odd) {
  return make_float4(sums[0][odd], sums[0][2 + odd], sums[1][odd], sums[1][2 + odd]);
}

// partial[slice][row][paddedM] of the slice blockIdx.y.
template <int NT>
static __device__ __forceinline__ void partial_product(
    float* partial, const Frozen& w, const u16* rows, int pitch, int n, int stages, int sliceStages) {
  int tiles = (w.m + 31) / 32;
  int warpTile = blockIdx.x * WARPS + threadIdx.x / WARP;
  int firstRow = blockIdx.z * 8 * NT;
  int from = blockIdx.y * sliceStages;
  float acc[NT][2][4];
  inner_product<NT, false>(
      acc, w, rows, pitch, n, min(warpTile, tiles - 1), firstRow, from, min(from + sliceStages, stages),
      sliceStages);
  if (warpTile >= tiles) return;
  int lane = threadIdx.x % WARP;
  int m = 32 * warpTile + 4 * (lane / 4);
#pragma unroll
  for (int j = 0; j < NT; j++) {
#pragma unroll
    for (int odd = 0; odd < 2; odd++) {
      int row = firstRow + 8 * j + 2 * (lane % 4) + odd;
      if (row < n) {
        *(float4*)(partial + ((s64)blockIdx.y * n + row) * (32 * tiles) + m) = four_sums(acc[j], odd);
      }
    }
  }
}

template <int NT>
static __device__ __forceinline__ void full_product(
    float* y, const Frozen& w, const u16* rows, int pitch, int n, int stages, int sliceStages,
    const float* absmax, const void* bias, int biasStorage, const float* addend) {
  extern __shared__ __align__(128) u8 shared[];
  int tiles = (w.m + 31) / 32;
  int warpTile = blockIdx.x * WARPS + threadIdx.x / WARP;
  int firstRow = blockIdx.y * 8 * NT;
  float acc[NT][2][4];
  inner_product<NT, true>(
      acc, w, rows, pitch, n, min(warpTile, tiles - 1), firstRow, 0, stages, sliceStages);
  if (warpTile >= tiles) return;
  int lane = threadIdx.x % WARP;
  int m = 32 * warpTile + 4 * (lane / 4);
  float scales[4];
  float biases[4];
#pragma unroll
  for (int r = 0; r < 4; r++) {
    bool in = m + r < w.m;
    scales[r] = in && absmax != 0 ? absmax[m + r] / 127.0f : 1.0f;
    biases[r] = in && bias != 0 ? load_stored(bias, m + r, biasStorage) : 0.0f;
  }
  const float* total = (const float*)(shared + STAGES * 8 * NT * STAGE_K * 2) + threadIdx.x;
#pragma unroll 1
  for (int j = 0; j < NT; j++) {  // rows: 8j + 2t + odd
    int row = firstRow + 8 * j + 2 * (lane % 4);
    float before[2][4];  // all read before any is written, which may be to the same places
#pragma unroll
    for (int odd = 0; odd < 2; odd++) {
#pragma unroll
      for (int r = 0; r < 4; r++) {
        bool in = addend != 0 && row + odd < n && m + r < w.m;
        before[odd][r] = in ? addend[(s64)(row + odd) * w.m + m + r] : 0;
      }
    }
#pragma unroll
    for (int odd = 0; odd < 2; odd++) {
#pragma unroll
      for (int r = 0; r < 4; r++) {
        if (row + odd < n && m + r < w.m) {
          float sum = total[(8 * j + 4 * (r / 2) + 2 * (r % 2) + odd) * (WARPS * WARP)];
          float value = finished(sum, scales[r], biases[r]);
          y[(s64)(row + odd) * w.m + m + r] = addend != 0 ? before[odd][r] + value : value;
        }
      }
    }
  }
}

#define FROZEN Frozen w = {data, m, k, columns, aligned}

#define PARTIAL(NT, BLOCKS)                                                                        \
  extern "C" __global__ void __launch_bounds__(WARPS* WARP, BLOCKS) partial_##NT(                  \
      float* partial, const void* data, int m, int k, int columns, int aligned, const u16* rows,   \
      int pitch, int n, int stages, int sliceStages) {                                             \
    FROZEN;                                                                                        \
    partial_product<NT>(partial, w, rows, pitch, n, stages, sliceStages);                          \
  }

PARTIAL(1, 4)
PARTIAL(4, WEIGHT == F16 ? 3 : 4)  // splitting halves takes registers
PARTIAL(8, 3)

extern "C" __global__ void __launch_bounds__(WARPS* WARP, 2) full_8(
    float* y, const void* data, int m, int k, int columns, int aligned, const u16* rows, int pitch,
    int n, int stages, int sliceStages, const float* absmax, const void* bias, int biasStorage,
    const float* addend) {
  FROZEN;
  full_product<8>(
      y, w, rows, pitch, n, stages, sliceStages, absmax, bias, biasStorage, addend);
}

// y[n, m] = the sum of slices in order, scaled, plus bias, and added to the addend where there is one.
extern "C" __global__ void reduce_slices(
    float* y, const float* partial, int m, int n, int slices, const float* absmax, const void* bias,
    int biasStorage, const float* addend) {
  int column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= m) return;
  int row = blockIdx.y;
  s64 at = (s64)row * m + column;
  float before = addend != 0 ? addend[at] : 0;
  int padded = (m + 31) / 32 * 32;
  const float* from = partial + (s64)row * padded + column;
  float sum = from[0];
#pragma unroll 4
  for (int slice = 1; slice < slices; slice++) sum += from[(s64)slice * n * padded];
  float scale = absmax != 0 ? absmax[column] / 127.0f : 1.0f;
  float value = finished(sum, scale, bias != 0 ? load_stored(bias, column, biasStorage) : 0.0f);
  y[at] = addend != 0 ? before + value : value;
}

// rows[n][pitch]: x[n][k], times absmax[k] / 127 where given, rounded to bf16, zero from k to pitch,
// in the order of the inner indices of A (see `fragments`).
extern "C" __global__ void pack_rows(
    u32* rows, const float* x, int k, int pitch, const float* absmax) {
  int word = blockIdx.x * blockDim.x + threadIdx.x;
  if (2 * word >= pitch) return;
  int row = blockIdx.y;
  int position = 2 * word;
  int t = position % 8 / 2;
  int q = position % 16 / 8;
#if WEIGHT != INT8 && DIRECTION == FORWARD
  int first = position / 32 * 32 + 8 * t + 4 * (position % 32 / 16) + 2 * q;
  int second = first + 1;
#else
  int first = position / 16 * 16 + 4 * t + q;
  int second = first + 2;
#endif
  const float* from = x + (s64)row * k;
  float low = first < k ? from[first] : 0;
  float high = second < k ? from[second] : 0;
  if (absmax != 0) {
    low *= first < k ? absmax[first] / 127.0f : 0;
    high *= second < k ? absmax[second] / 127.0f : 0;
  }
  rows[((s64)row * pitch + position) / 2] = pack_bfloats(low, high);
}
