// Tiles of tokens in shared memory, products of them, and the forward arithmetic on them. HEAD, a
// definition, is the dimensions a tile's token has: a multiple of 32, zeros behind the head's size.

#define THREADS 128
#define WARPS (THREADS / WARP)
#define STRIDE STRIDE_OF(float)  // of tiles of floats
#define PARTS (HEAD / 32)  // float4s a thread has of a token's HEAD sums

// Elements from token to token: 16 bytes behind the vector, so that tokens read together do not collide.
#define STRIDE_OF(ELEMENT) (HEAD + 16 / (int)sizeof(ELEMENT))

// Keys that one step of the softmax takes, counted from the row's first. The bits of an output
// depend on this number.
#define KEYS 32

// A warp owns consecutive rows of a product: a thread has every fourth of them (I in all) and every
// eighth column.
#define THREAD_ROW(I) ((int)(threadIdx.x / WARP * 4 * (I) + threadIdx.x % WARP / 8))
#define THREAD_COLUMN ((int)(threadIdx.x % 8))  // signed: it is compared with limits below zero

static __device__ __forceinline__ float widened(float x) { return x; }
static __device__ __forceinline__ float widened(u16 x) { return bfloat_to_float(x); }

// A lane has every 32nd dimension of a token that it loads, and loads LOADED tokens before it uses one.
// For what is not there it loads a neighbour, so that no load waits behind a branch for another.
#define SPREAD (HEAD / WARP)
#define LOADED (HEAD > 128 ? 1 : HEAD > 96 ? 2 : 4)

// tile[i] = the head vector at row(i) for i < count, zeros for the others.
template <int TOKENS, typename Row>
static __device__ __forceinline__ void load_tile(float* tile, int count, int size, Row row) {
  int lane = threadIdx.x % WARP;
  for (int from = threadIdx.x / WARP; from < TOKENS; from += LOADED * WARPS) {
    float x[LOADED][SPREAD] = {};
    if (from < count) {
#pragma unroll
      for (int b = 0; b < LOADED; b++) {
        int i = from + b * WARPS;
        auto source = row(min(i, count - 1));
#pragma unroll
        for (int c = 0; c < SPREAD; c++) {
          int d = lane + c * WARP;
          float element = widened(source[min(d, size - 1)]);
          x[b][c] = i < count && d < size ? element : 0.0f;
        }
      }
    }
#pragma unroll
    for (int b = 0; b < LOADED; b++) {
#pragma unroll
      for (int c = 0; c < SPREAD; c++) tile[(from + b * WARPS) * STRIDE + lane + c * WARP] = x[b][c];
    }
  }
}

// As load_tile from vectors `stride` apart, turned by turns[i] and scaled, by a block of OF warps.
template <int TOKENS, int OF = WARPS>
static __device__ __forceinline__ void load_rotated(
    float* tile, int count, const float* source, const float2* turns, const Heads& heads, float scale) {
  int lane = threadIdx.x % WARP;
  for (int from = threadIdx.x / WARP; from < TOKENS; from += LOADED * OF) {
    float x[LOADED][SPREAD] = {};
    float across[LOADED][SPREAD] = {};
    float2 turn[LOADED][SPREAD] = {};
    if (from < count) {
#pragma unroll
      for (int b = 0; b < LOADED; b++) {
        int i = from + b * OF;
        const float* vector = source + (s64)min(i, count - 1) * heads.width;
        const float2* own = turns + (s64)min(i, count - 1) * heads.half;
#pragma unroll
        for (int c = 0; c < SPREAD; c++) {
          int d = min(lane + c * WARP, heads.size - 1);
          x[b][c] = vector[d];
          across[b][c] = vector[partner(d, heads.half)];
          turn[b][c] = turn_of(d, heads.half, own);
        }
      }
    }
#pragma unroll
    for (int b = 0; b < LOADED; b++) {
#pragma unroll
      for (int c = 0; c < SPREAD; c++) {
        int d = lane + c * WARP;
        float element = turned(x[b][c], across[b][c], d, heads.half, turn[b][c], 1.0f);
        bool present = from + b * OF < count && d < heads.size;
        tile[(from + b * OF) * STRIDE + d] = present ? __fmul_rn(element, scale) : 0.0f;
      }
    }
  }
}

// Four bfloats, two of each word, the first in its lower half.
static __device__ __forceinline__ float4 widened(u32 first, u32 second) {
  return make_float4(
      __uint_as_float(first << 16),
      __uint_as_float(first & 0xffff0000u),
      __uint_as_float(second << 16),
      __uint_as_float(second & 0xffff0000u));
}

// Four elements of a tile.
static __device__ __forceinline__ float4 four(const float* at) { return *(const float4*)at; }

static __device__ __forceinline__ float4 four(const u16* at) {
  uint2 words = *(const uint2*)at;
  return widened(words.x, words.y);
}

// Adds a product of four dimensions, ascending.
static __device__ __forceinline__ float add_dot(float sum, float4 a, float4 b) {
  sum = __fmaf_rn(a.x, b.x, sum);
  sum = __fmaf_rn(a.y, b.y, sum);
  sum = __fmaf_rn(a.z, b.z, sum);
  return __fmaf_rn(a.w, b.w, sum);
}

static __device__ __forceinline__ float4 add_scaled(float4 sum, float factor, float4 x) {
  return make_float4(
      __fmaf_rn(factor, x.x, sum.x),
      __fmaf_rn(factor, x.y, sum.y),
      __fmaf_rn(factor, x.z, sum.z),
      __fmaf_rn(factor, x.w, sum.w));
}

// The thread's I x K dot products of rows and columns, each one chain over the dimensions, of which
// TOGETHER are on their way at once.
template <int TOGETHER = 4, int I, int K, typename Element>
static __device__ __forceinline__ void multiply(
    float (&products)[I][K], const float* rows, const Element* columns) {
  constexpr int FOURS = TOGETHER / 4;
  rows += THREAD_ROW(I) * STRIDE;
  columns += THREAD_COLUMN * STRIDE_OF(Element);
#pragma unroll
  for (int i = 0; i < I; i++) {
#pragma unroll
    for (int k = 0; k < K; k++) products[i][k] = 0.0f;
  }
#pragma unroll FOURS
  for (int d = 0; d < HEAD; d += 4) {
    float4 b[K];
#pragma unroll
    for (int k = 0; k < K; k++) b[k] = four(columns + 8 * k * STRIDE_OF(Element) + d);
#pragma unroll
    for (int i = 0; i < I; i++) {
      float4 a = *(const float4*)(rows + 4 * i * STRIDE + d);
#pragma unroll
      for (int k = 0; k < K; k++) products[i][k] = add_dot(products[i][k], a, b[k]);
    }
  }
}

// Adds to the thread's sums [I rows][its dimensions] weights [rows][T], FACTORS from row to row, times
// tile [T][HEAD], t ascending; what is not seen(i, t) adds nothing, whatever its value.
template <int T, int FACTORS = T + 4, int I, typename Element, typename Seen>
static __device__ __forceinline__ void accumulate(
    float4 (&sums)[I][PARTS], const float* weights, const Element* tile, Seen seen) {
  weights += THREAD_ROW(I) * FACTORS;
  tile += THREAD_COLUMN * 4;
#pragma unroll 1
  for (int t = 0; t < T; t += 4) {
    float4 w[I];
#pragma unroll
    for (int i = 0; i < I; i++) w[i] = *(const float4*)(weights + 4 * i * FACTORS + t);
#pragma unroll
    for (int u = 0; u < 4; u++) {
#pragma unroll
      for (int c = 0; c < PARTS; c++) {
        float4 x = four(tile + (t + u) * STRIDE_OF(Element) + 32 * c);
#pragma unroll
        for (int i = 0; i < I; i++) {
          float factor = u == 0 ? w[i].x : u == 1 ? w[i].y : u == 2 ? w[i].z : w[i].w;
          if (seen(i, t + u)) sums[i][c] = add_scaled(sums[i][c], factor, x);
        }
      }
    }
  }
}

// ---- forward (Milakov and Gimelshein 2018: softmax with a running maximum) --------------------

// Queries of a block, and the rows of them a thread has.
#define QUERIES (HEAD > 128 ? 32 : 64)
#define QUERY_ROWS (QUERIES / 16)

#define WEIGHT_STRIDE (KEYS + 4)

// Takes KEYS more scores of each of the thread's rows, of which those that are hidden(i, key), at their
// limits and behind are not seen: puts their exponentials into `weights` and their sum, by halves of them
// (as warp_sum), into `total`, and shrinks what there was by what the maximum has grown.
template <int I, typename Hidden>
static __device__ __forceinline__ void take_scores(
    float (&scores)[I][KEYS / 8],
    Hidden hidden,
    const int (&limits)[I],
    float (&most)[I],
    float (&total)[I],
    float4 (&sums)[I][PARTS],
    float* weights) {
  weights += THREAD_ROW(I) * WEIGHT_STRIDE + THREAD_COLUMN;
#pragma unroll
  for (int i = 0; i < I; i++) {
    float best = most[i];
#pragma unroll
    for (int k = 0; k < KEYS / 8; k++) {
      int key = THREAD_COLUMN + 8 * k;
      if (key >= limits[i] || hidden(i, key)) scores[i][k] = NO_SCORE;
      best = fmaxf(best, scores[i][k]);
    }
#pragma unroll
    for (int distance = 4; distance > 0; distance >>= 1) {
      best = fmaxf(best, __shfl_xor_sync(FULL_WARP, best, distance));
    }
    float anchor = anchor_of(best);
    float shrink = expf(most[i] - anchor);
    most[i] = best;
#pragma unroll
    for (int k = 0; k < KEYS / 8; k++) {
      scores[i][k] = expf(scores[i][k] - anchor);
      weights[4 * i * WEIGHT_STRIDE + 8 * k] = scores[i][k];
    }
    float sum = (scores[i][0] + scores[i][2]) + (scores[i][1] + scores[i][3]);
#pragma unroll
    for (int distance = 4; distance > 0; distance >>= 1) {
      sum += __shfl_xor_sync(FULL_WARP, sum, distance);
    }
    total[i] = __fmaf_rn(total[i], shrink, sum);
#pragma unroll
    for (int c = 0; c < PARTS; c++) {
      sums[i][c].x = __fmul_rn(sums[i][c].x, shrink);
      sums[i][c].y = __fmul_rn(sums[i][c].y, shrink);
      sums[i][c].z = __fmul_rn(sums[i][c].z, shrink);
      sums[i][c].w = __fmul_rn(sums[i][c].w, shrink);
    }
  }
}

// out = sums / total of the thread's rows below `count`, of which the first is at `out`.
template <int I>
static __device__ __forceinline__ void store_outputs(
    float* out,
    s64 outStride,
    int count,
    const float (&total)[I],
    const float4 (&sums)[I][PARTS],
    int size) {
  bool wide = quads_align((u64)out, size) && outStride % 4 == 0;
#pragma unroll
  for (int i = 0; i < I; i++) {
    int query = THREAD_ROW(I) + 4 * i;
    if (query >= count) continue;
#pragma unroll
    for (int c = 0; c < PARTS; c++) {
      int d = 32 * c + 4 * THREAD_COLUMN;
      quad q;
      q.e[0] = __fdiv_rn(sums[i][c].x, total[i]);
      q.e[1] = __fdiv_rn(sums[i][c].y, total[i]);
      q.e[2] = __fdiv_rn(sums[i][c].z, total[i]);
      q.e[3] = __fdiv_rn(sums[i][c].w, total[i]);
      if (d < size) store_quad(out + query * outStride, d, size - d, wide, q);
    }
  }
}

// Attends from `count` queries of a head, the first at `position` among the keys, to the keys below `end`;
// causal queries stop at their own, and KEYS keys that none of them sees any more are passed over.
// keys(tile, from, count) and values(...) fill a tile. `shared`
// holds the queries, then a tile, then the weights.
// In this order for every query: scores by multiply; per KEYS keys take_scores; values added key by key.
template <typename Keys, typename Values>
static __device__ __forceinline__ void attend(
    float* out,  // of the first query, `outStride` apart
    s64 outStride,
    float* lse,  // of the first query, `lseStride` apart; null for none
    s64 lseStride,
    float* shared,
    int count,
    int position,
    int end,
    int head,
    const Heads& heads,
    Keys keys,
    Values values) {
  float* queries = shared;
  float* tile = queries + QUERIES * STRIDE;
  float* weights = tile + KEYS * STRIDE;
  int row = THREAD_ROW(QUERY_ROWS);
  int warpRow = threadIdx.x / WARP * 4 * QUERY_ROWS;
  float most[QUERY_ROWS];
  float total[QUERY_ROWS];
  float4 sums[QUERY_ROWS][PARTS];
#pragma unroll
  for (int i = 0; i < QUERY_ROWS; i++) {
    most[i] = NO_SCORE;
    total[i] = 0.0f;
#pragma unroll
    for (int c = 0; c < PARTS; c++) sums[i][c] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  }
  for (int from = first_key(position, heads) / KEYS * KEYS; from < end; from += KEYS) {
    int present = min(KEYS, end - from);
    // The warp's first query sees all keys below `whole`; none of its queries sees one at `none`.
    int whole = heads.causal ? position + warpRow + 1 : end;
    int none = heads.causal ? position + warpRow + 4 * QUERY_ROWS : end;
    bool concerned =
        warpRow < count && from < none && !is_hidden(from + KEYS - 1, position + warpRow, heads);
    auto hidden = [&](int i, int key) {
      return is_hidden(from + key, position + row + 4 * i, heads);
    };
    int limits[QUERY_ROWS];
    __syncthreads();  // the tile before has been used
    keys(tile, from, present);
    __syncthreads();
    if (concerned) {
      float scores[QUERY_ROWS][KEYS / 8];
      multiply(scores, queries, tile);
#pragma unroll
      for (int i = 0; i < QUERY_ROWS; i++) {
        limits[i] = (heads.causal ? min(position + row + 4 * i + 1, end) : end) - from;
      }
#pragma unroll
      for (int i = 0; i < QUERY_ROWS; i++) {
#pragma unroll
        for (int k = 0; k < KEYS / 8; k++) {
          scores[i][k] = score_of(
              scores[i][k], from + THREAD_COLUMN + 8 * k, position + row + 4 * i, head, heads);
        }
      }
      take_scores(scores, hidden, limits, most, total, sums, weights);
    }
    __syncthreads();
    values(tile, from, present);
    __syncthreads();
    if (concerned && from + KEYS <= whole && present == KEYS &&
        !is_hidden(from, position + warpRow + 4 * QUERY_ROWS - 1, heads)) {
      accumulate<KEYS>(sums, weights, tile, [](int, int) { return true; });
    } else if (concerned) {
      accumulate<KEYS>(sums, weights, tile, [&](int i, int t) {
        return t < limits[i] && !hidden(i, t);
      });
    }
  }
#pragma unroll
  for (int i = 0; i < QUERY_ROWS; i++) {
    int query = row + 4 * i;
    if (query >= count) continue;
    if (lse && THREAD_COLUMN == 0) lse[query * lseStride] = most[i] + logf(total[i]);
  }
  store_outputs(out, outStride, count, total, sums, heads.size);
}
