// Decoding gives a warp a row and a query head: it takes KEYS cached tokens at a time, with the roundings
// of attend. Keys of the next tokens are on their way while these values are added, and their values
// while those keys are multiplied.
#define DECODE_WARPS 2  // of a block, at most
#define KEY_STRIDE STRIDE_OF(Stored)  // an odd number of pieces: lanes with a token each do not collide
#define OWN (HEAD == 96 ? 4 : HEAD / WARP)  // consecutive dimensions of the output, a lane

constexpr int SCORED = PIECES > 16 ? 8 : PIECES;  // pieces of a key that are multiplied together

// What a warp has in shared memory.
struct __align__(16) DecodeTiles {
  Stored keys[KEYS * KEY_STRIDE];
  Stored values[KEYS * HEAD];
  float query[HEAD];
  float weights[KEYS];
};

// Adds the products of a piece of a key, ascending.
static __device__ __forceinline__ float add_piece(float sum, const float* query, const Stored* key) {
#ifdef BFLOAT
  uint4 words = *(const uint4*)key;
  const float4* q = (const float4*)query;
  sum = add_dot(sum, q[0], widened(words.x, words.y));
  return add_dot(sum, q[1], widened(words.z, words.w));
#else
  return add_dot(sum, *(const float4*)query, *(const float4*)key);
#endif
}

// A lane's dimensions of a value, read at once.
struct __align__(OWN * sizeof(Stored) < 16 ? OWN * sizeof(Stored) : 16) OwnStored {
  u32 words[OWN * sizeof(Stored) / 4];

  __device__ __forceinline__ float element(int e) const {
#ifdef BFLOAT
    return __uint_as_float(e % 2 == 0 ? words[e / 2] << 16 : words[e / 2] & 0xffff0000u);
#else
    return __uint_as_float(words[e]);
#endif
  }
};

static __device__ __forceinline__ void add_value(
    float (&sums)[OWN], float weight, const Stored* value) {
  OwnStored own = *(const OwnStored*)value;
#pragma unroll
  for (int e = 0; e < OWN; e++) sums[e] = __fmaf_rn(weight, own.element(e), sums[e]);
}

// The product of the query and the lane's key, one chain over the dimensions.
static __device__ __forceinline__ float own_product(const DecodeTiles& tiles) {
  const Stored* key = tiles.keys + threadIdx.x % WARP * KEY_STRIDE;
  float sum = 0.0f;
#pragma unroll SCORED
  for (int d = 0; d < HEAD; d += PIECE) sum = add_piece(sum, tiles.query + d, key + d);
  return sum;
}

// Takes one more score a lane, as take_scores does.
static __device__ __forceinline__ void take_score(
    DecodeTiles& tiles, float score, float& most, float& total, float (&sums)[OWN]) {
  float best = fmaxf(most, warp_max(score));
  float shrink = expf(most - best);
  float weight = expf(score - best);
  most = best;
  tiles.weights[threadIdx.x % WARP] = weight;
  total = __fmaf_rn(total, shrink, warp_sum(weight));
#pragma unroll
  for (int e = 0; e < OWN; e++) sums[e] = __fmul_rn(sums[e], shrink);
}

// Adds the values of `present` keys, dimensions from `own` on, key by key.
static __device__ __forceinline__ void add_values(
    float (&sums)[OWN], const DecodeTiles& tiles, int own, int present) {
  const Stored* values = tiles.values + own;
#pragma unroll 2
  for (int i = 0; i < present / 4 * 4; i += 4) {
    float4 w = *(const float4*)(tiles.weights + i);
    add_value(sums, w.x, values + i * HEAD);
    add_value(sums, w.y, values + (i + 1) * HEAD);
    add_value(sums, w.z, values + (i + 2) * HEAD);
    add_value(sums, w.w, values + (i + 3) * HEAD);
  }
#pragma unroll 1
  for (int i = present / 4 * 4; i < present; i++) add_value(sums, tiles.weights[i], values + i * HEAD);
}
