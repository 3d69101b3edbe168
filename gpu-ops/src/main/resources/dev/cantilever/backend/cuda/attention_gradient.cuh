// What goes back through attention in fp32, on tiles of tokens.
//
// P = exp(S - lse), dP = dO V^T, dS = P o (dP - rowsum(dO o O)) o S'; dQ = dS K, dK = dS^T Q, dV = P^T dO,
// with S' by how much a score grows with its product. S is computed again, each score by the chain that
// made it, so P is what it was. The scale sits on the queries, as in the forward pass, and once more on dQ.

// Tokens of a tile, of queries as of keys; and what a thread has of a product of two tiles.
#define TOKENS (HEAD > 128 ? 16 : 32)
#define TOKEN_ROWS (TOKENS / 16)
#define TOKEN_COLUMNS (TOKENS / 8)
#define FACTOR_STRIDE (TOKENS + 4)

static __device__ __forceinline__ void clear(float4 (&sums)[TOKEN_ROWS][PARTS]) {
#pragma unroll
  for (int i = 0; i < TOKEN_ROWS; i++) {
#pragma unroll
    for (int c = 0; c < PARTS; c++) sums[i][c] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  }
}

// Puts the threads' sums into a tile. Between two barriers, since it may overwrite an operand.
static __device__ __forceinline__ void gather(
    float* tile, const float4 (&sums)[TOKEN_ROWS][PARTS]) {
  tile += THREAD_ROW(TOKEN_ROWS) * STRIDE + 4 * THREAD_COLUMN;
  __syncthreads();
#pragma unroll
  for (int i = 0; i < TOKEN_ROWS; i++) {
#pragma unroll
    for (int c = 0; c < PARTS; c++) *(float4*)(tile + 4 * i * STRIDE + 32 * c) = sums[i][c];
  }
  __syncthreads();
}

// Writes a tile's first `count` vectors, `stride` apart, scaled.
static __device__ __forceinline__ void store_tile(
    float* target, s64 stride, const float* tile, int count, int size, float scale) {
  for (int i = threadIdx.x / WARP; i < count; i += WARPS) {
    for (int d = threadIdx.x % WARP; d < size; d += WARP) {
      target[i * stride + d] = scale * tile[i * STRIDE + d];
    }
  }
}

// Of a thread's tokens among `count` the log-sum-exp and rowsum(dO o O), which is put into `delta` too.
// The first token's numbers are at `scalar` of lse and delta, its output at `output`; dO is a tile.
static __device__ __forceinline__ void own_sums(
    float (&logs)[TOKEN_ROWS],
    float (&deltas)[TOKEN_ROWS],
    float* delta,
    const float* lse,
    s64 scalar,
    const float* out,
    s64 output,
    s64 outStride,
    const float* dOuts,
    int count,
    const Heads& heads) {
#pragma unroll
  for (int i = 0; i < TOKEN_ROWS; i++) {
    int t = THREAD_ROW(TOKEN_ROWS) + 4 * i;
    float sum = 0.0f;
    logs[i] = 0.0f;
    if (t < count) {
      logs[i] = lse[scalar + (s64)t * heads.heads];
      for (int d = THREAD_COLUMN; d < heads.size; d += 8) {
        sum = __fmaf_rn(out[output + t * outStride + d], dOuts[t * STRIDE + d], sum);
      }
    }
#pragma unroll
    for (int distance = 4; distance > 0; distance >>= 1) {
      sum += __shfl_xor_sync(FULL_WARP, sum, distance);
    }
    deltas[i] = sum;
    if (t < count && THREAD_COLUMN == 0) delta[scalar + (s64)t * heads.heads] = sum;
  }
}
