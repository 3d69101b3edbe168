// The forward product of LLM.int8() (Dettmers et al. 2022, section 3), as backend.onednn.LlmInt8Product
// makes it: rows quantised to 8 bits, exact integer sums on the tensor cores, columns with an outlier
// apart in fp32. Integer sums are exact, so their order is free; all floating-point steps are the CPU's.
#include "prelude.cuh"

// ---- outlier columns ------------------------------------------------------------------------------

// flags[i] = 1 where any |x[row, i]| reaches the threshold; flags were zero.
extern "C" __global__ void mark_outliers(u8* flags, const float* x, int rows, int in, float threshold) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= in) return;
  bool outlier = false;
  for (int row = blockIdx.y; row < rows; row += gridDim.y) {
    outlier |= fabsf(x[(s64)row * in + i]) >= threshold;
  }
  if (outlier) flags[i] = 1;
}

#define LIST_THREADS 1024

// The flagged columns, ascending, and their number: one block, a thread a run of columns.
extern "C" __global__ void __launch_bounds__(LIST_THREADS) list_outliers(
    int* columns, int* count, const u8* flags, int in) {
  __shared__ int warpCounts[LIST_THREADS / WARP];
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int run = (in + LIST_THREADS - 1) / LIST_THREADS;
  int from = threadIdx.x * run;
  int to = min(from + run, in);
  int own = 0;
  for (int i = from; i < to; i++) own += flags[i];
  int upTo = own;  // of the lanes up to this one
#pragma unroll
  for (int distance = 1; distance < WARP; distance *= 2) {
    int before = __shfl_up_sync(FULL_WARP, upTo, distance);
    if (lane >= distance) upTo += before;
  }
  if (lane == WARP - 1) warpCounts[warp] = upTo;
  __syncthreads();
  int at = upTo - own;
  for (int w = 0; w < warp; w++) at += warpCounts[w];
  if (threadIdx.x == LIST_THREADS - 1) *count = at + own;
  for (int i = from; i < to; i++) {
    if (flags[i]) columns[at++] = i;
  }
}

// ---- rows to integers -----------------------------------------------------------------------------

#define ROW_THREADS 256

// A block a row of x [rows, in]; integers lie `pitch` bytes apart, a multiple of 64, zero beyond `in`.
// An outlier's own row takes its scale from the other elements.
extern "C" __global__ void __launch_bounds__(ROW_THREADS) quantize_rows(
    u32* integers, float* absmax, const float* x, const u8* flags, int in, int pitch, float threshold) {
  __shared__ float scratch[ROW_THREADS / WARP];
  const float* row = x + (s64)blockIdx.x * in;
  float most = 0;
  for (int i = threadIdx.x; i < in; i += ROW_THREADS) {
    float magnitude = fabsf(row[i]);
    if (magnitude < threshold) most = fmaxf(most, magnitude);
  }
  most = block_max(most, scratch);
  float scale = int8_scale(most);
  if (threadIdx.x == 0) absmax[blockIdx.x] = scale == 0 ? 0 : most;
  for (int b = threadIdx.x; b < pitch / 4; b += ROW_THREADS) {
    u32 word = 0;
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int i = 4 * b + j;
      if (i < in && !flags[i]) word |= int8_bits(row[i], scale, threshold) << 8 * j;
    }
    integers[(s64)blockIdx.x * (pitch / 4) + b] = word;
  }
}

// ---- integer products -------------------------------------------------------------------------------
//
// A warp makes 32 outputs by 8-token tiles with the weight as operand A. Lane (g, t) = (lane / 4, lane % 4)
// loads the 4 x 4 integers of outputs 4g.. and inputs 4t.., and those of inputs 16 + 4t..: the fragments of
// two mma, of which the first has outputs 4g and 4g + 1 in its rows g and g + 8, the second 4g + 2 and 4g + 3.

#define TILE_INPUTS 32
#define TILE_WORDS 64  // 16-byte words of a tile of the weight

struct WeightTile {
  uint4 low;
  uint4 high;
};

static __device__ __forceinline__ WeightTile load_tile(const uint4* row, int tile, int tiles) {
  WeightTile loaded;
  if (tile < tiles) {
    const uint4* at = row + (s64)tile * TILE_WORDS + threadIdx.x % WARP / 4 * 8 + threadIdx.x % 4;
    loaded.low = at[0];
    loaded.high = at[4];
  } else {
    loaded.low = make_uint4(0, 0, 0, 0);
    loaded.high = make_uint4(0, 0, 0, 0);
  }
  return loaded;
}

static __device__ __forceinline__ void mma(int (&sum)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

// sum[m][e]: output 4g + 2m + e / 2 of the warp, token 2t + e % 2 of the tile.
static __device__ __forceinline__ void multiply(int (&sum)[2][4], const WeightTile& w, u32 b0, u32 b1) {
  mma(sum[0], w.low.x, w.low.y, w.high.x, w.high.y, b0, b1);
  mma(sum[1], w.low.z, w.low.w, w.high.z, w.high.w, b0, b1);
}

struct Target {
  float* y;
  const float* rowAbsmax;
  const float* absmax;
  const void* bias;
  int biasStorage;
  int rows;
  int out;
};

static __device__ __forceinline__ void finish(const Target& target, int row, int o, int sum) {
  if (row >= target.rows || o >= target.out) return;
  float rowScale = __fdiv_rn(target.rowAbsmax[row], 127.0f * 127.0f);
  float value = __fmul_rn((float)sum, __fmul_rn(rowScale, target.absmax[o]));
  float added = target.bias == 0 ? 0 : load_stored(target.bias, o, target.biasStorage);
  target.y[(s64)row * target.out + o] = __fadd_rn(value, added);
}

#define PRODUCT_THREADS 256
#define PRODUCT_WARPS (PRODUCT_THREADS / WARP)

// Many rows: a block has 128 outputs by 128 tokens, a warp 32 by 64; tokens go through shared memory.

#define MANY_TOKENS 128
#define MANY_OUTPUT_WARPS 4
#define WARP_TILES 8                 // of 8 tokens
#define CHUNK 64                     // bytes of a token in shared memory at once: two tiles of inputs
#define CHUNK_PITCH (CHUNK + 16)     // the 8 tokens of a fragment fall on different banks

static __device__ __forceinline__ void copy_chunk(u8* staged, const u8* integers, int first, int rows, int pitch) {
#pragma unroll
  for (int j = 0; j < MANY_TOKENS * CHUNK / 16 / PRODUCT_THREADS; j++) {
    int e = threadIdx.x + PRODUCT_THREADS * j;
    int token = e / (CHUNK / 16);
    int at = e % (CHUNK / 16) * 16;
    // Beyond the last row its integers come again; nothing is written for those tokens.
    const u8* from = integers + (s64)min(first + token, rows - 1) * pitch + at;
    u32 to = shared_address(staged + token * CHUNK_PITCH + at);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
  }
  asm volatile("cp.async.commit_group;" ::: "memory");
}

extern "C" __global__ void __launch_bounds__(PRODUCT_THREADS) product_many(
    float* y,
    const u8* integers,
    const float* rowAbsmax,
    const uint4* w,
    const float* absmax,
    const void* bias,
    int biasStorage,
    int rows,
    int out,
    int in,
    int pitch) {
  __shared__ __align__(16) u8 staged[2][MANY_TOKENS * CHUNK_PITCH];
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int tiles = (in + TILE_INPUTS - 1) / TILE_INPUTS;
  int lastOutputs = (out + 31) / 32 - 1;
  int outputs = blockIdx.y * MANY_OUTPUT_WARPS + warp % MANY_OUTPUT_WARPS;
  // A warp beyond the last outputs works on those without writing: all must reach the barriers.
  const uint4* row = w + (s64)min(outputs, lastOutputs) * tiles * TILE_WORDS;
  int firstToken = blockIdx.x * MANY_TOKENS;
  int warpToken = warp / MANY_OUTPUT_WARPS * WARP_TILES * 8;
  int sum[WARP_TILES][2][4] = {};

  copy_chunk(staged[0], integers, firstToken, rows, pitch);
  WeightTile current[2] = {load_tile(row, 0, tiles), load_tile(row, 1, tiles)};
  int chunks = (tiles + 1) / 2;
  for (int chunk = 0; chunk < chunks; chunk++) {
    WeightTile next[2];
    next[0] = load_tile(row, 2 * chunk + 2, tiles);
    next[1] = load_tile(row, 2 * chunk + 3, tiles);
    if (chunk + 1 < chunks) {
      copy_chunk(staged[(chunk + 1) % 2], integers + (chunk + 1) * CHUNK, firstToken, rows, pitch);
      asm volatile("cp.async.wait_group 1;" ::: "memory");
    } else {
      asm volatile("cp.async.wait_group 0;" ::: "memory");
    }
    __syncthreads();
#pragma unroll
    for (int half = 0; half < 2; half++) {
#pragma unroll
      for (int j = 0; j < WARP_TILES; j++) {
        int token = warpToken + 8 * j + lane / 4;
        const u8* at = staged[chunk % 2] + token * CHUNK_PITCH + TILE_INPUTS * half + lane % 4 * 4;
        multiply(sum[j], current[half], *(const u32*)at, *(const u32*)(at + 16));
      }
    }
    __syncthreads();
    current[0] = next[0];
    current[1] = next[1];
  }

  if (outputs > lastOutputs) return;
  Target target = {y, rowAbsmax, absmax, bias, biasStorage, rows, out};
#pragma unroll
  for (int j = 0; j < WARP_TILES; j++) {
#pragma unroll
    for (int m = 0; m < 2; m++) {
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int token = firstToken + warpToken + 8 * j + lane % 4 * 2 + e % 2;
        finish(target, token, outputs * 32 + lane / 4 * 4 + 2 * m + e / 2, sum[j][m][e]);
      }
    }
  }
}

// Few rows: a block has 32 outputs by up to 32 tokens; its warps share the inputs among them.

#define FEW_TILES 4
#define FEW_SUMS (FEW_TILES * 2 * 4)

extern "C" __global__ void __launch_bounds__(PRODUCT_THREADS) product_few(
    float* y,
    const u8* integers,
    const float* rowAbsmax,
    const uint4* w,
    const float* absmax,
    const void* bias,
    int biasStorage,
    int rows,
    int out,
    int in,
    int pitch) {
  __shared__ int sums[PRODUCT_WARPS][FEW_SUMS][WARP];
  int lane = threadIdx.x % WARP;
  int warp = threadIdx.x / WARP;
  int tiles = (in + TILE_INPUTS - 1) / TILE_INPUTS;
  const uint4* row = w + (s64)blockIdx.x * tiles * TILE_WORDS;
  int sum[FEW_TILES][2][4] = {};
#pragma unroll 2
  for (int tile = warp; tile < tiles; tile += PRODUCT_WARPS) {
    WeightTile loaded = load_tile(row, tile, tiles);
#pragma unroll
    for (int j = 0; j < FEW_TILES; j++) {
      int token = min(8 * j + lane / 4, rows - 1);
      const u8* at = integers + (s64)token * pitch + TILE_INPUTS * tile + lane % 4 * 4;
      multiply(sum[j], loaded, *(const u32*)at, *(const u32*)(at + 16));
    }
  }
#pragma unroll
  for (int s = 0; s < FEW_SUMS; s++) sums[warp][s][lane] = sum[s / 8][s / 4 % 2][s % 4];
  __syncthreads();
  Target target = {y, rowAbsmax, absmax, bias, biasStorage, rows, out};
  for (int s = warp; s < FEW_SUMS; s += PRODUCT_WARPS) {
    int whole = 0;
    for (int part = 0; part < PRODUCT_WARPS; part++) whole += sums[part][s][lane];
    int token = s / 8 * 8 + lane % 4 * 2 + s % 2;
    finish(target, token, blockIdx.x * 32 + lane / 4 * 4 + s / 4 % 2 * 2 + s % 4 / 2, whole);
  }
}

// ---- outliers ---------------------------------------------------------------------------------------

#define OUTLIER_THREADS 128  // outputs of a block, one a thread
#define OUTLIER_ROWS 16      // rows of a block, all of them in every thread
#define OUTLIER_STAGE 16     // outlier columns at once

// y[row, o] += the chain over the outlier columns, ascending, of x[row, i] * (q[o, i] * (absmax[o] / 127)),
// then y = residual + y where there is a residual [rows, out].
extern "C" __global__ void __launch_bounds__(OUTLIER_THREADS) add_outliers(
    float* y,
    const float* x,
    const s8* w,
    const float* absmax,
    const int* columns,
    const int* columnCount,
    int rows,
    int out,
    int in,
    const float* residual) {
  __shared__ __align__(16) float left[OUTLIER_ROWS][OUTLIER_STAGE];
  int count = *columnCount;
  if (count == 0 && residual == 0) return;
  int firstRow = blockIdx.x * OUTLIER_ROWS;
  int o = blockIdx.y * OUTLIER_THREADS + threadIdx.x;
  int paddedIn = (in + TILE_INPUTS - 1) / TILE_INPUTS * TILE_INPUTS;
  float scale = o < out ? __fdiv_rn(absmax[o], 127.0f) : 0;
  float acc[OUTLIER_ROWS] = {};
  for (int from = 0; from < count; from += OUTLIER_STAGE) {
    __syncthreads();
    for (int e = threadIdx.x; e < OUTLIER_ROWS * OUTLIER_STAGE; e += OUTLIER_THREADS) {
      int row = firstRow + e / OUTLIER_STAGE;
      int j = from + e % OUTLIER_STAGE;
      left[e / OUTLIER_STAGE][e % OUTLIER_STAGE] =
          row < rows && j < count ? x[(s64)row * in + columns[j]] : 0;
    }
    __syncthreads();
    float weight[OUTLIER_STAGE];
#pragma unroll
    for (int j = 0; j < OUTLIER_STAGE; j++) {
      bool present = o < out && from + j < count;
      weight[j] = present ? w[int8_offset(o, columns[from + j], paddedIn)] * scale : 0;
    }
#pragma unroll
    for (int r = 0; r < OUTLIER_ROWS; r++) {
#pragma unroll
      for (int j = 0; j < OUTLIER_STAGE; j += 4) {
        float4 four = *(const float4*)&left[r][j];
        acc[r] = fmaf(four.x, weight[j], acc[r]);
        acc[r] = fmaf(four.y, weight[j + 1], acc[r]);
        acc[r] = fmaf(four.z, weight[j + 2], acc[r]);
        acc[r] = fmaf(four.w, weight[j + 3], acc[r]);
      }
    }
  }
  if (o >= out) return;
#pragma unroll
  for (int r = 0; r < OUTLIER_ROWS; r++) {  // all read before any is written: none waits for another
    s64 at = (s64)(firstRow + r) * out + o;
    if (firstRow + r >= rows) continue;
    acc[r] = count == 0 ? y[at] : y[at] + acc[r];
    if (residual != 0) acc[r] = residual[at] + acc[r];
  }
#pragma unroll
  for (int r = 0; r < OUTLIER_ROWS; r++) {
    if (firstRow + r < rows) y[(s64)(firstRow + r) * out + o] = acc[r];
  }
}
