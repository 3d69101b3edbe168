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
