// Attention of packed rows to themselves on the tensor cores: forward, and the gradient of the
// projection. What goes into a product is rounded to bf16: queries and keys after their rotation,
// values, dOut, probabilities, and the gradient of scores. Scores, softmax and all sums are fp32.
//
// HEAD, a definition, is the dimensions a tile's token has: a multiple of 32, zeros behind the head's
// size, which is a multiple of 4. Tiles begin at the row's first token, so a row's neighbours change nothing.
#include "prelude.cuh"
#include "attention.cuh"

#define LOG2_E 1.44269504f
#define LARGEST 3.38e38f  // of a value: beyond it a bf16 is infinite
#define NO_SCORE __int_as_float(0xff800000)   // of a key that is not seen: its exponential is zero
#define NOT_FINITE __int_as_float(0x7fffffff)

// 16-bit floats from token to token: 16 bytes on, modulo 128, so the rows of an ldmatrix do not collide.
#define PITCH (HEAD + 8)
#define STAGE_PITCH (HEAD + 4)                    // floats, of sums on their way out
#define LANE_QUADS ((QUADS + WARP - 1) / WARP)  // of a token that a warp reads or writes
#define QUADS (HEAD / 4)
#define LOADS 4  // quads a thread reads at once

// The thread's number, read anew: what follows from it is computed where it is needed, and takes no
// registers from the sums of the loop around.
static __device__ __forceinline__ int thread() {
  int number = threadIdx.x;
  asm volatile("" : "+r"(number));
  return number;
}

// ---- fragments of mma.m16n8k16: lane 4g + t has rows g and g + 8, columns 2t and 2t + 1 of 8 ----

static __device__ __forceinline__ void mma(float (&sum)[4], const u32 (&a)[4], u32 b0, u32 b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Four matrices of 8 x 8, as they lie or transposed; lane 8m + i gives the address of row i of matrix m.
static __device__ __forceinline__ void load_matrices(u32 (&r)[4], const u16* at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"((u32)__cvta_generic_to_shared(at))
               : "memory");
}

static __device__ __forceinline__ void load_transposed(u32 (&r)[4], const u16* at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"((u32)__cvta_generic_to_shared(at))
               : "memory");
}

// Of a tile [tokens, pitch], where a lane's address is for the 16 x 16 from (row, column) on: matrices
// in the order (0, 0), (8, 0), (0, 8), (8, 8), or with `across` (0, 0), (0, 8), (8, 0), (8, 8).
static __device__ __forceinline__ const u16* matrices_at(
    const u16* tile, int pitch, int row, int column, bool across, int lane) {
  int down = across ? lane / 16 : lane / 8 % 2;
  int right = across ? lane / 8 % 2 : lane / 16;
  return tile + (row + 8 * down + lane % 8) * pitch + column + 8 * right;
}

// sums [16, 8 N] += a [16, 16] times the 16 tokens of a tile from `token` on, columns from `column` on.
template <int N>
static __device__ __forceinline__ void add_tokens(
    float (&sums)[N][4], const u32 (&a)[4], const u16* tile, int token, int column, int lane) {
#pragma unroll
  for (int n = 0; n < N; n += 2) {
    u32 b[4];
    load_transposed(b, matrices_at(tile, PITCH, token, column + 8 * n, false, lane));
    mma(sums[n], a, b[0], b[1]);
    mma(sums[n + 1], a, b[2], b[3]);
  }
}

template <int N>
static __device__ __forceinline__ void clear(float (&sums)[N][4]) {
#pragma unroll
  for (int n = 0; n < N; n++) {
#pragma unroll
    for (int e = 0; e < 4; e++) sums[n][e] = 0.0f;
  }
}

// products [16, 8 N]: tokens of one tile from `row` on by tokens of another from `token` on, as far as
// there are `visible` of these.
template <int N>
static __device__ __forceinline__ void multiply(
    float (&products)[N][4],
    const u16* rows,
    int row,
    const u16* columns,
    int token,
    int visible,
    int lane) {
  clear(products);
#pragma unroll 2
  for (int d = 0; d < HEAD; d += 16) {
    u32 a[4];
    load_matrices(a, matrices_at(rows, PITCH, row, d, false, lane));
#pragma unroll
    for (int n = 0; n < N; n += 2) {
      if (8 * n < visible) {
        u32 b[4];
        load_matrices(b, matrices_at(columns, PITCH, token + 8 * n, d, true, lane));
        mma(products[n], a, b[0], b[1]);
        mma(products[n + 1], a, b[2], b[3]);
      }
    }
  }
}

// ---- tokens into tiles ---------------------------------------------------------------------------

// Four dimensions, or zeros.
static __device__ __forceinline__ quad read_quad(const float* at, bool present) {
  return load_quad(at, 0, present ? 4 : 0, present);
}

// The dimensions that d to d + 3 are turned with.
static __device__ __forceinline__ quad read_across(const float* vector, int d, int half) {
  quad q;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int e = d + i;
    q.e[i] = e < 2 * half ? vector[e < half ? e + half : e - half] : 0.0f;
  }
  return q;
}

// Dimensions d to d + 3, turned by `turns` [half] (direction 1) or turned back (-1) with those across.
static __device__ __forceinline__ void turn(
    quad& own, const quad& across, int d, int half, const float2* turns, float direction) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int e = d + i;
    if (e < 2 * half) {
      float2 by = turns[e < half ? e : e - half];
      float product = __fmul_rn(across.e[i], by.y * direction);
      own.e[i] = __fmaf_rn(own.e[i], by.x, e < half ? -product : product);
    }
  }
}

static __device__ __forceinline__ void put_bfloats(u16* target, const quad& q) {
  *(uint2*)target = make_uint2(pack_bfloats(q.e[0], q.e[1]), pack_bfloats(q.e[2], q.e[3]));
}

// Whole mma steps of 16 tokens; a tile is zero between its tokens and there.
static __device__ __forceinline__ int padded(int tokens) { return (tokens + 15) / 16 * 16; }

// Whether all four are numbers that bf16 can hold.
static __device__ __forceinline__ bool finite(const quad& q) {
  bool all = true;
#pragma unroll
  for (int i = 0; i < 4; i++) all &= fabsf(q.e[i]) <= LARGEST;
  return all;
}

// tile[i] = the head vector at source + i * width for i < count, its first 2 half dimensions turned by
// turns[i]. With FINITE, four of which one is not finite become zeros; returns whether this thread had
// such.
template <int THREADS, bool FINITE>
static __device__ __forceinline__ bool load_tile(
    u16* tile, int count, const float* source, int width, int size, const float2* turns, int half) {
  bool bad = false;
#pragma unroll 1
  for (int first = thread(); first < padded(count) * QUADS; first += LOADS * THREADS) {
    quad own[LOADS];
#pragma unroll
    for (int b = 0; b < LOADS; b++) {
      int i = (first + b * THREADS) / QUADS;
      int d = (first + b * THREADS) % QUADS * 4;
      own[b] = read_quad(source + (s64)i * width + d, i < count && d < size);
    }
#pragma unroll
    for (int b = 0; b < LOADS; b++) {
      int i = (first + b * THREADS) / QUADS;
      int d = (first + b * THREADS) % QUADS * 4;
      if (i < count && d < 2 * half) {  // what lies across has just been read by other threads
        quad across = read_across(source + (s64)i * width, d, half);
        turn(own[b], across, d, half, turns + (s64)i * half, 1.0f);
      }
      if (FINITE && !finite(own[b])) {
        bad = true;
        own[b] = read_quad(source, false);
      }
      if (i < padded(count)) put_bfloats(tile + i * PITCH + d, own[b]);
    }
  }
  return bad;
}

// ---- forward (Milakov and Gimelshein 2018: softmax with a running maximum) --------------------

#define QUERY_WARPS (HEAD > 128 ? 4 : 8)  // of a block, 16 queries each
#define QUERIES (16 * QUERY_WARPS)
#define KEYS (HEAD > 128 ? 32 : 64)  // that one step of the softmax takes

// Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(QUERY_WARPS * WARP, HEAD > 96 ? 1 : 2) attention_bf16(
    float* out,
    float* lse,
    const float* qkv,
    const float2* turns,
    const int* offsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  u16* queries = (u16*)memory;
  u16* keys = queries + QUERIES * PITCH;
  u16* values = keys + KEYS * PITCH;
  float* poison = (float*)(values + KEYS * PITCH);
  int start = offsets[blockIdx.x / tiles];
  int length = offsets[blockIdx.x / tiles + 1] - start;
  int first = blockIdx.x % tiles * QUERIES;
  if (first >= length) return;
  int count = min(QUERIES, length - first);
  int end = heads.causal ? first + count : length;
  int head = blockIdx.y;
  const float* row = qkv + (s64)start * heads.width;
  const float* key = row + heads.keyBase + head / heads.group * heads.kvStride;
  const float* value = row + heads.valueBase + head / heads.group * heads.kvStride;
  load_tile<QUERY_WARPS * WARP, false>(
      queries,
      count,
      row + (s64)first * heads.width + head * heads.queryStride,
      heads.width,
      heads.size,
      turns + (s64)first * heads.half,
      heads.half);

  int warpRow = threadIdx.x / WARP * 16;
  int lane = threadIdx.x % WARP;
  int group = lane / 4;
  int column = lane % 4 * 2;
  float most[2] = {NO_SCORE, NO_SCORE};  // of queries warpRow + group and 8 further
  float total[2] = {};                   // of the lane's keys
  float sums[HEAD / 8][4];
  clear(sums);
  for (int from = 0; from < end; from += KEYS) {
    int present = min(KEYS, end - from);
    if (from > 0) __syncthreads();  // the tiles before have been used
    load_tile<QUERY_WARPS * WARP, false>(
        keys,
        present,
        key + (s64)from * heads.width,
        heads.width,
        heads.size,
        turns + (s64)from * heads.half,
        heads.half);
    const float* ofValues = value + (s64)from * heads.width;
    bool bad = load_tile<QUERY_WARPS * WARP, true>(
        values, present, ofValues, heads.width, heads.size, nullptr, 0);
    // A weight of zero times a value that is not finite would reach queries that do not see it. Such a
    // value is zero in the tile, and NaN is added to the scores of its key.
    bool poisoned = __syncthreads_or(bad);
    if (poisoned) {
      for (int i = threadIdx.x; i < present; i += QUERY_WARPS * WARP) {
        bool good = true;
        for (int d = 0; d < heads.size; d += 4) {
          good &= finite(read_quad(ofValues + (s64)i * heads.width + d, true));
        }
        poison[i] = good ? 0.0f : NOT_FINITE;
      }
      __syncthreads();
    }
    // Keys of the tile that any query of the warp sees.
    int visible = heads.causal ? min(present, first + warpRow + 16 - from) : present;
    if (warpRow >= count || visible <= 0) continue;
    float scores[KEYS / 8][4];
    multiply(scores, queries, warpRow, keys, 0, visible, lane);
    float shrink[2];
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int query = first + warpRow + group + 8 * h;
      int limit = (heads.causal ? min(query + 1, end) : end) - from;
      float best = most[h];
#pragma unroll
      for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
        for (int e = 0; e < 2; e++) {
          int k = 8 * n + column + e;
          float score = scores[n][2 * h + e];
          score = __fmul_rn(score, heads.scale);
          if (poisoned) score += poison[k];
          if (k >= limit) score = NO_SCORE;
          scores[n][2 * h + e] = score;
          best = fmaxf(best, score);
        }
      }
      best = fmaxf(best, __shfl_xor_sync(FULL_WARP, best, 1));
      best = fmaxf(best, __shfl_xor_sync(FULL_WARP, best, 2));
      shrink[h] = exp2f((most[h] - best) * LOG2_E);
      most[h] = best;
      float sum = 0.0f;
#pragma unroll
      for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
        for (int e = 0; e < 2; e++) {
          float weight = exp2f((scores[n][2 * h + e] - best) * LOG2_E);
          scores[n][2 * h + e] = weight;
          sum += weight;
        }
      }
      total[h] = __fmaf_rn(total[h], shrink[h], sum);
    }
#pragma unroll
    for (int n = 0; n < HEAD / 8; n++) {
#pragma unroll
      for (int e = 0; e < 4; e++) sums[n][e] = __fmul_rn(sums[n][e], shrink[e / 2]);
    }
#pragma unroll
    for (int k = 0; k < KEYS; k += 16) {
      if (k < visible) {
        int n = k / 8;
        u32 weights[4] = {
            pack_bfloats(scores[n][0], scores[n][1]),
            pack_bfloats(scores[n][2], scores[n][3]),
            pack_bfloats(scores[n + 1][0], scores[n + 1][1]),
            pack_bfloats(scores[n + 1][2], scores[n + 1][3])};
        add_tokens(sums, weights, values, k, 0, lane);
      }
    }
  }
#pragma unroll
  for (int h = 0; h < 2; h++) {
    float sum = total[h];
    sum += __shfl_xor_sync(FULL_WARP, sum, 1);
    sum += __shfl_xor_sync(FULL_WARP, sum, 2);
    int query = warpRow + group + 8 * h;
    if (query >= count) continue;
    s64 token = (s64)(start + first + query) * heads.heads + head;
    if (column == 0) lse[token] = most[h] + logf(sum);
    float* target = out + token * heads.size;
#pragma unroll
    for (int n = 0; n < HEAD / 8; n++) {
      int d = 8 * n + column;
      float low = __fdiv_rn(sums[n][2 * h], sum);
      float high = __fdiv_rn(sums[n][2 * h + 1], sum);
      if (d < heads.size) *(float2*)(target + d) = make_float2(low, high);
    }
  }
}

// ---- backward ---------------------------------------------------------------------------------
//
// P = exp(S - lse), dP = dO V^T, dS = P o (dP - rowsum(dO o O)); dQ = dS K, dK = dS^T Q, dV = P^T dO,
// of which dQ and dK are scaled at last. S is computed again, to the bits it had.

#define TOKENS (HEAD > 128 ? 32 : 64)  // of a tile, of queries as of keys
#define BACK_WARPS (TOKENS / 8)        // two to 16 tokens, each with half of the other dimension
#define FACTOR_PITCH (TOKENS + 8)
#define PAIR_LOADS 3  // tokens of which a warp reads dOut and out at once
#define STORES 4      // tokens a warp writes at once

// dOuts as load_tile, a warp a token; logs[i] = lse of token i, deltas[i] = rowsum(dOut o out).
static __device__ __forceinline__ void load_outputs(
    u16* dOuts,
    float* logs,
    float* deltas,
    int count,
    const float* dOut,
    const float* out,
    const float* lse,
    const Heads& heads) {
  int lane = thread() % WARP;
  s64 stride = (s64)heads.heads * heads.size;
#pragma unroll 1
  for (int first = thread() / WARP; first < padded(count); first += PAIR_LOADS * BACK_WARPS) {
    float sums[PAIR_LOADS] = {};
#pragma unroll
    for (int part = 0; part < LANE_QUADS; part++) {
      int d = 4 * (part * WARP + lane);
      quad gradient[PAIR_LOADS];
      quad output[PAIR_LOADS];
#pragma unroll
      for (int b = 0; b < PAIR_LOADS; b++) {
        int i = first + b * BACK_WARPS;
        bool present = i < count && d < heads.size;
        gradient[b] = read_quad(dOut + i * stride + d, present);
        output[b] = read_quad(out + i * stride + d, present);
      }
#pragma unroll
      for (int b = 0; b < PAIR_LOADS; b++) {
        int i = first + b * BACK_WARPS;
#pragma unroll
        for (int e = 0; e < 4; e++) {
          sums[b] = __fmaf_rn(gradient[b].e[e], output[b].e[e], sums[b]);
        }
        if (i < padded(count) && d < HEAD) put_bfloats(dOuts + i * PITCH + d, gradient[b]);
      }
    }
#pragma unroll
    for (int b = 0; b < PAIR_LOADS; b++) {
      int i = first + b * BACK_WARPS;
      float sum = warp_sum(sums[b]);
      if (lane == 0 && i < count) {
        deltas[i] = sum;
        logs[i] = lse[(s64)i * heads.heads];
      }
    }
  }
}

// What a thread has of a tile: its warp's 16 tokens, and half of the other dimension.
struct Part {
  int lane;
  int row;   // the first of the tokens, queries or keys
  int half;  // 0 or 1

  __device__ __forceinline__ Part() {
    int number = thread();
    lane = number % WARP;
    row = number / WARP % (BACK_WARPS / 2) * 16;
    half = number / WARP / (BACK_WARPS / 2);
  }
};

// The warp's sums [16, HEAD / 2] into a stage of floats [TOKENS, STAGE_PITCH].
static __device__ __forceinline__ void stage(
    float* target, const float (&sums)[HEAD / 16][4], const Part& own) {
  target += (own.row + own.lane / 4) * STAGE_PITCH + own.half * (HEAD / 2) + own.lane % 4 * 2;
#pragma unroll
  for (int n = 0; n < HEAD / 16; n++) {
    *(float2*)(target + 8 * n) = make_float2(sums[n][0], sums[n][1]);
    *(float2*)(target + 8 * STAGE_PITCH + 8 * n) = make_float2(sums[n][2], sums[n][3]);
  }
}

// Writes, or adds to what is there, a stage's first `count` vectors, scaled and, of `half` dimensions
// twice, turned back. An element is always the same thread's.
static __device__ __forceinline__ void store_staged(
    float* target,
    const float* staged,
    int count,
    const float2* turns,
    int half,
    const Heads& heads,
    float scale,
    bool accumulate) {
  int lane = thread() % WARP;
#pragma unroll 1
  for (int first = thread() / WARP; first < count; first += STORES * BACK_WARPS) {
#pragma unroll
    for (int part = 0; part < LANE_QUADS; part++) {
      int d = 4 * (part * WARP + lane);
      quad present[STORES];
#pragma unroll
      for (int b = 0; b < STORES; b++) {
        int i = first + b * BACK_WARPS;
        bool read = accumulate && i < count && d < heads.size;
        present[b] = read_quad(target + (s64)i * heads.width + d, read);
      }
#pragma unroll
      for (int b = 0; b < STORES; b++) {
        int i = first + b * BACK_WARPS;
        if (i >= count || d >= heads.size) continue;
        const float* vector = staged + i * STAGE_PITCH;
        quad own = read_quad(vector + d, true);
        if (d < 2 * half) {
          turn(own, read_across(vector, d, half), d, half, turns + (s64)i * half, -1.0f);
        }
#pragma unroll
        for (int e = 0; e < 4; e++) {
          float value = __fmul_rn(scale, own.e[e]);
          own.e[e] = accumulate ? __fadd_rn(present[b].e[e], value) : value;
        }
        store_quad(target + (s64)i * heads.width, d, 4, true, own);
      }
    }
  }
}

// dQ, dK and dV. Block (row, key head): over tiles of keys; for each over the query heads of the group
// in order and over tiles of queries, from the tile's own on where queries see no later key. dK and dV
// are sums in registers; a tile's dQ is added to what the tiles of keys before it left in memory.
extern "C" __global__ void __launch_bounds__(BACK_WARPS * WARP, HEAD > 96 ? 1 : 2)
    attention_gradient_bf16(
        float* dQkv,
        const float* dOut,
        const float* qkv,
        const float* out,
        const float* lse,
        const float2* turns,
        const int* offsets,
        const Heads heads) {
  extern __shared__ float4 memory[];
  u16* queries = (u16*)memory;
  u16* dOuts = queries + TOKENS * PITCH;
  u16* keys = dOuts + TOKENS * PITCH;
  u16* values = keys + TOKENS * PITCH;
  u16* weights = values + TOKENS * PITCH;           // P [TOKENS, FACTOR_PITCH]
  u16* dScores = weights + TOKENS * FACTOR_PITCH;   // dS
  float* logs = (float*)(dScores + TOKENS * FACTOR_PITCH);
  float* deltas = logs + TOKENS;
  float* ofQueries = (float*)queries;  // stages, where queries and dOuts, keys and values were
  float* ofKeys = (float*)keys;
  int start = offsets[blockIdx.x];
  int length = offsets[blockIdx.x + 1] - start;
  s64 token = (s64)start * heads.width;
  s64 key = token + heads.keyBase + blockIdx.y * heads.kvStride;
  s64 value = token + heads.valueBase + blockIdx.y * heads.kvStride;

  for (int firstKey = 0; firstKey < length; firstKey += TOKENS) {
    int keyCount = min(TOKENS, length - firstKey);
    s64 keyOffset = (s64)firstKey * heads.width;
    const float2* keyTurns = turns + (s64)firstKey * heads.half;
    float dKeys[HEAD / 16][4];
    float dValues[HEAD / 16][4];
    clear(dKeys);
    clear(dValues);
    __syncthreads();  // the stages before have been written out
    load_tile<BACK_WARPS * WARP, false>(
        keys,
        keyCount,
        qkv + key + keyOffset,
        heads.width,
        heads.size,
        keyTurns,
        heads.half);
    load_tile<BACK_WARPS * WARP, false>(
        values, keyCount, qkv + value + keyOffset, heads.width, heads.size, nullptr, 0);
    for (int head = blockIdx.y * heads.group; head < (blockIdx.y + 1) * heads.group; head++) {
      for (int from = heads.causal ? firstKey : 0; from < length; from += TOKENS) {
        int count = min(TOKENS, length - from);
        s64 query = token + (s64)from * heads.width + head * heads.queryStride;
        s64 scalar = (s64)(start + from) * heads.heads + head;
        const float2* queryTurns = turns + (s64)from * heads.half;
        __syncthreads();  // the stage before has been written out
        load_tile<BACK_WARPS * WARP, false>(
            queries, count, qkv + query, heads.width, heads.size, queryTurns, heads.half);
        load_outputs(
            dOuts,
            logs,
            deltas,
            count,
            dOut + scalar * heads.size,
            out + scalar * heads.size,
            lse + scalar,
            heads);
        __syncthreads();
        // Between a query and a key, of their places in the tiles: key <= query + ahead is seen.
        int ahead = heads.causal ? from - firstKey : TOKENS;
        Part scored;
        if (scored.row < count) {
          int firstOwn = scored.half * (TOKENS / 2);
          int visible = min(keyCount, scored.row + 16 + ahead) - firstOwn;
          float scores[TOKENS / 16][4];
          float dWeights[TOKENS / 16][4];
          multiply(scores, queries, scored.row, keys, firstOwn, visible, scored.lane);
          multiply(dWeights, dOuts, scored.row, values, firstOwn, visible, scored.lane);
#pragma unroll
          for (int h = 0; h < 2; h++) {
            int q = scored.row + scored.lane / 4 + 8 * h;
            int limit = q < count ? min(keyCount, q + 1 + ahead) : 0;
            float log = q < count ? logs[q] : 0.0f;
            float delta = q < count ? deltas[q] : 0.0f;
#pragma unroll
            for (int n = 0; n < TOKENS / 16; n++) {
              int k = firstOwn + 8 * n + scored.lane % 4 * 2;
              float p[2];
              float dS[2];
#pragma unroll
              for (int e = 0; e < 2; e++) {
                float score = __fmul_rn(scores[n][2 * h + e], heads.scale);
                p[e] = k + e < limit ? exp2f((score - log) * LOG2_E) : 0.0f;
                dS[e] = k + e < limit ? p[e] * (dWeights[n][2 * h + e] - delta) : 0.0f;
              }
              *(u32*)(weights + q * FACTOR_PITCH + k) = pack_bfloats(p[0], p[1]);
              *(u32*)(dScores + q * FACTOR_PITCH + k) = pack_bfloats(dS[0], dS[1]);
            }
          }
        }
        __syncthreads();
        Part own;
        u32 a[4];
        if (own.row < keyCount) {
          for (int q = max(0, (own.row - ahead) / 16 * 16); q < count; q += 16) {
            load_transposed(a, matrices_at(weights, FACTOR_PITCH, q, own.row, true, own.lane));
            add_tokens(dValues, a, dOuts, q, own.half * (HEAD / 2), own.lane);
            load_transposed(a, matrices_at(dScores, FACTOR_PITCH, q, own.row, true, own.lane));
            add_tokens(dKeys, a, queries, q, own.half * (HEAD / 2), own.lane);
          }
        }
        float dQueries[HEAD / 16][4];
        clear(dQueries);
        if (own.row < count) {
          for (int k = 0; k < keyCount && k <= own.row + 15 + ahead; k += 16) {
            load_matrices(a, matrices_at(dScores, FACTOR_PITCH, own.row, k, false, own.lane));
            add_tokens(dQueries, a, keys, k, own.half * (HEAD / 2), own.lane);
          }
        }
        __syncthreads();  // queries and dOuts have been used
        if (own.row < count) stage(ofQueries, dQueries, own);
        __syncthreads();
        store_staged(
            dQkv + query,
            ofQueries,
            count,
            queryTurns,
            heads.half,
            heads,
            heads.scale,
            firstKey > 0);
      }
    }
    __syncthreads();  // the stage before has been written out
    Part own;
    if (own.row < keyCount) {
      stage(ofQueries, dKeys, own);
      stage(ofKeys, dValues, own);
    }
    __syncthreads();
    store_staged(
        dQkv + key + keyOffset,
        ofQueries,
        keyCount,
        keyTurns,
        heads.half,
        heads,
        heads.scale,
        false);
    store_staged(
        dQkv + value + keyOffset, ofKeys, keyCount, nullptr, 0, heads, 1.0f, false);
  }
}
