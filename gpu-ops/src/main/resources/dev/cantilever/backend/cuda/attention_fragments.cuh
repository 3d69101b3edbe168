// Tiles of tokens in bf16 and products of them on the tensor cores. HEAD, a definition, is the
// dimensions a tile's token has: a multiple of 32, zeros behind the head's size, which is a multiple of
// 4. Tiles begin at the row's first token, so a row's neighbours change nothing.
//
// What goes into a product is rounded to bf16: queries and keys after their rotation, values, dOut,
// probabilities, and the gradient of scores. Scores, softmax and all sums are fp32.

#define LOG2_E 1.44269504f
#define LARGEST 3.38e38f  // of a value: beyond it a bf16 is infinite

// 16-bit floats from token to token: 16 bytes on, modulo 128, so the rows of an ldmatrix do not collide.
#define PITCH (HEAD + 8)
#define QUADS (HEAD / 4)  // of a token
#define LOADS 4           // quads a thread reads at once

// Blocks of a multiprocessor, at least: what is done to scores takes registers too.
#ifdef SCORES
#define BLOCKS (HEAD > 64 ? 1 : 2)
#else
#define BLOCKS (HEAD > 96 ? 1 : 2)
#endif

// The thread's number, read anew: what follows from it is computed where it is needed, and takes no
// registers from the sums of the loop around.
static __device__ __forceinline__ int thread() {
  int number = threadIdx.x;
  asm volatile("" : "+r"(number));
  return number;
}

// ---- fragments, see mma.cuh ----

// Four matrices of 8 x 8, as they lie or transposed; lane 8m + i gives the address of row i of matrix m.
static __device__ __forceinline__ void load_matrices(u32 (&r)[4], const u16* at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(at))
               : "memory");
}

static __device__ __forceinline__ void load_transposed(u32 (&r)[4], const u16* at) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(at))
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

// ---- what is done to scores ------------------------------------------------------------------------

#ifdef SCORES
// Puts what is added to the scores of a tile of QUERY_COUNT queries and KEY_COUNT keys into shared memory, by
// distance: for key k and query q of it at k - q + QUERY_COUNT - 1. The first key is `ahead` of the first query.
template <int THREADS, int QUERY_COUNT, int KEY_COUNT>
static __device__ __forceinline__ void load_added(
    float* added, int ahead, int head, const Heads& heads) {
  for (int i = thread(); i < QUERY_COUNT + KEY_COUNT - 1; i += THREADS) {
    int distance = ahead + i - (QUERY_COUNT - 1);
    added[i] = __fmaf_rn(slope_of(head, heads), (float)distance, bias_of(distance, head, heads));
  }
}

// The score that comes of a scaled product, with `added` [at].
#define tile_score_of(product, added, at, ...) __fadd_rn(capped(product, __VA_ARGS__), (added)[at])
#else
#define tile_score_of(product, ...) (product)
#endif
