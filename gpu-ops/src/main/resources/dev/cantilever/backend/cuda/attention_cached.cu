// Attention of new tokens to a paged cache: to one that already holds their keys and values, or, for
// rows of one token each, to one that they are appended to on the way.
#include "prelude.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"

// A cache is of floats or, with BFLOAT defined, of bfloats.
#ifdef BFLOAT
typedef u16 Stored;
#else
typedef float Stored;
#endif

// Where the pages of one slot lie.
struct Slot {
  const int* table;
  int pageTokens;

  __device__ __forceinline__ int place(int token) const {
    return table[token / pageTokens] * pageTokens + token % pageTokens;
  }
};

// Rows of any number of new tokens. Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(THREADS, 3) attention_prefill(
    float* out,
    const float* qkv,
    const float2* turns,
    const Stored* keys,
    const Stored* values,
    const int* slots,
    const int* lengths,
    const int* pageTable,
    int maxPages,
    int pageTokens,
    const int* offsets,
    int tiles,
    const u64* faults,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* shared = (float*)memory;
  if (faulted(faults)) return;
  int row = blockIdx.x / tiles;
  int start = offsets[row];
  int length = offsets[row + 1] - start;
  int first = blockIdx.x % tiles * QUERIES;
  if (first >= length) return;
  int count = min(QUERIES, length - first);
  int head = blockIdx.y;
  int slot = slots[row];
  int cached = lengths[slot];
  Slot pages = {pageTable + (s64)slot * maxPages, pageTokens};
  s64 token = start + first;
  load_rotated<QUERIES>(
      shared,
      count,
      qkv + token * heads.width + head * heads.queryStride,
      turns + token * heads.half,
      heads,
      heads.scale);
  s64 stride = heads.heads / heads.group * heads.size;
  int column = head / heads.group * heads.size;
  auto load = [&](const Stored* source) {
    return [=](float* tile, int from, int present) {
      load_tile<KEYS>(tile, present, heads.size, [=](int i) {
        return source + pages.place(from + i) * stride + column;
      });
    };
  };
  attend(
      out + (token * heads.heads + head) * heads.size,
      (s64)heads.heads * heads.size,
      nullptr,
      0,
      shared,
      count,
      cached + first,
      cached + (heads.causal ? first + count : length),
      heads,
      load(keys),
      load(values));
}

// Decoding takes GROUP keys at once, tiles of KEYS each; the running maximum and the sums go through
// the tiles in order, with the roundings of attend. GROUP, a definition, changes no bit.
#define TILES (GROUP / KEYS)
#define PIECE (16 / (int)sizeof(Stored))  // elements of an asynchronous copy
#define PIECES (HEAD / PIECE)
#define STORED_STRIDE (HEAD + PIECE)  // an odd number of pieces: threads with a token each do not collide
#define DIMENSIONS ((HEAD + THREADS - 1) / THREADS)  // of the output, a thread
#define ZERO_STORED ((Stored)0)

static __device__ __forceinline__ Stored narrowed(float x) {
#ifdef BFLOAT
  return float_to_bfloat(x);
#else
  return x;
#endif
}

// Begins to copy 16 bytes to shared memory, or zeros where there are none to copy.
static __device__ __forceinline__ void copy_piece(Stored* target, const Stored* source, bool present) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"((u32)__cvta_generic_to_shared(target)), "l"(source), "r"(present ? 16 : 0));
}

static __device__ __forceinline__ void await_pieces() {
  asm volatile("cp.async.wait_all;" ::: "memory");
}

// Begins to copy the keys and values of `count` cached tokens from `from` on, zeros behind `size`; 16
// bytes at a time where `wide`.
static __device__ __forceinline__ void copy_tokens(
    Stored* keyTile,
    Stored* valueTile,
    const Stored* keys,
    const Stored* values,
    s64 stride,
    int size,
    bool wide,
    const Slot& pages,
    int from,
    int count) {
  if (wide) {
#pragma unroll 2
    for (int c = threadIdx.x; c < count * PIECES; c += THREADS) {
      int i = c / PIECES;
      int d = c % PIECES * PIECE;
      bool present = d < size;
      s64 source = pages.place(from + i) * stride + (present ? d : 0);
      copy_piece(keyTile + i * STORED_STRIDE + d, keys + source, present);
      copy_piece(valueTile + i * STORED_STRIDE + d, values + source, present);
    }
  } else {
    for (int c = threadIdx.x; c < count * HEAD; c += THREADS) {
      int i = c / HEAD;
      int d = c % HEAD;
      s64 source = pages.place(from + i) * stride + d;
      keyTile[i * STORED_STRIDE + d] = d < size ? keys[source] : ZERO_STORED;
      valueTile[i * STORED_STRIDE + d] = d < size ? values[source] : ZERO_STORED;
    }
  }
}

// Adds the products of a piece of a key, ascending.
static __device__ __forceinline__ float add_piece(float sum, const float* query, const Stored* key) {
#ifdef BFLOAT
  uint4 words = *(const uint4*)key;
  const float4* q = (const float4*)query;
  // The lower half of a word is the first of its two bfloats.
  sum = add_dot(
      sum,
      q[0],
      make_float4(
          __uint_as_float(words.x << 16),
          __uint_as_float(words.x & 0xffff0000u),
          __uint_as_float(words.y << 16),
          __uint_as_float(words.y & 0xffff0000u)));
  return add_dot(
      sum,
      q[1],
      make_float4(
          __uint_as_float(words.z << 16),
          __uint_as_float(words.z & 0xffff0000u),
          __uint_as_float(words.w << 16),
          __uint_as_float(words.w & 0xffff0000u)));
#else
  return add_dot(sum, *(const float4*)query, *(const float4*)key);
#endif
}

// Rows of one new token each, whose key and value are appended: every block takes them from the
// projection, and the first of the query heads that share them puts them in the cache. Block (row,
// query head); first a lane has a key, then a thread a dimension.
extern "C" __global__ void __launch_bounds__(THREADS, 6) attention_decode(
    float* out,
    const float* qkv,
    const float2* turns,
    Stored* keys,
    Stored* values,
    const int* slots,
    const int* lengths,
    const int* pageTable,
    int maxPages,
    int pageTokens,
    const int* places,
    const u64* faults,
    const Heads heads) {
  extern __shared__ float4 memory[];
  Stored* keyTile = (Stored*)memory;  // [GROUP][STORED_STRIDE]
  Stored* valueTile = keyTile + GROUP * STORED_STRIDE;
  __shared__ __align__(16) float query[HEAD];
  __shared__ Stored newKey[HEAD];  // a thread reads those elements that it wrote
  __shared__ Stored newValue[HEAD];
  __shared__ float weights[GROUP];
  __shared__ float tops[TILES];     // of each tile, the largest score
  __shared__ float shrinks[TILES];  // what the sums before it are multiplied by
  __shared__ float parts[TILES];    // its sum of exponentials
  if (faulted(faults)) return;
  int row = blockIdx.x;
  int head = blockIdx.y;
  int warp = threadIdx.x / WARP;
  int lane = threadIdx.x % WARP;
  int slot = slots[row];
  int cached = lengths[slot];
  Slot pages = {pageTable + (s64)slot * maxPages, pageTokens};
  int keyHead = head / heads.group;
  s64 stride = heads.heads / heads.group * heads.size;
  keys += keyHead * heads.size;
  values += keyHead * heads.size;
  bool wide = heads.size % PIECE == 0 && ((u64)keys | (u64)values) % 16 == 0;
  copy_tokens(keyTile, valueTile, keys, values, stride, heads.size, wide, pages, 0, min(GROUP, cached));
  const float* token = qkv + (s64)row * heads.width;
  turns += (s64)row * heads.half;
  s64 target = places[row] * stride;
  bool writes = head % heads.group == 0;
  for (int d = threadIdx.x; d < HEAD; d += THREADS) {
    float turned = 0.0f;
    Stored key = ZERO_STORED;
    Stored value = ZERO_STORED;
    if (d < heads.size) {
      turned = __fmul_rn(
          rotated(token + head * heads.queryStride, d, heads.half, turns, 1.0f), heads.scale);
      const float* vector = token + keyHead * heads.kvStride;
      key = narrowed(rotated(vector + heads.keyBase, d, heads.half, turns, 1.0f));
      value = narrowed(vector[heads.valueBase + d]);
      if (writes) {
        keys[target + d] = key;
        values[target + d] = value;
      }
    }
    query[d] = turned;
    newKey[d] = key;
    newValue[d] = value;
  }
  float most = NO_SCORE;
  float total = 0.0f;
  float sums[DIMENSIONS];
#pragma unroll
  for (int c = 0; c < DIMENSIONS; c++) sums[c] = 0.0f;

#pragma unroll 1
  for (int from = 0; from <= cached; from += GROUP) {
    int present = min(GROUP, cached + 1 - from);
    int tiles = (present + KEYS - 1) / KEYS;
    if (from > 0) {
      __syncthreads();  // the group before has been used
      copy_tokens(
          keyTile,
          valueTile,
          keys,
          values,
          stride,
          heads.size,
          wide,
          pages,
          from,
          min(GROUP, cached - from));
    }
    if (cached - from < GROUP) {  // the new token is the last of this group
      int at = (cached - from) * STORED_STRIDE;
      for (int d = threadIdx.x; d < HEAD; d += THREADS) {
        keyTile[at + d] = newKey[d];
        valueTile[at + d] = newValue[d];
      }
    }
    await_pieces();
    __syncthreads();
    float score = NO_SCORE;
    if (warp < tiles) {
      if (threadIdx.x < present) {
        const Stored* key = keyTile + threadIdx.x * STORED_STRIDE;
        float sum = 0.0f;
#pragma unroll 4
        for (int d = 0; d < HEAD; d += PIECE) sum = add_piece(sum, query + d, key + d);
        score = sum;
      }
      __syncwarp();
      float top = warp_max(score);
      if (lane == 0) tops[warp] = top;
    }
    __syncthreads();
    if (warp < tiles) {
      float before = most;
      float after = most;
      for (int w = 0; w <= warp; w++) {
        before = after;
        after = fmaxf(after, tops[w]);
      }
      float weight = expf(score - after);
      float part = warp_sum(weight);
      weights[threadIdx.x] = weight;
      if (lane == 0) {
        shrinks[warp] = expf(before - after);
        parts[warp] = part;
      }
    }
    __syncthreads();
    for (int w = 0; w < tiles; w++) {
      most = fmaxf(most, tops[w]);
      total = __fmaf_rn(total, shrinks[w], parts[w]);
#pragma unroll
      for (int c = 0; c < DIMENSIONS; c++) sums[c] = __fmul_rn(sums[c], shrinks[w]);
      int end = min(present, (w + 1) * KEYS);
#pragma unroll 8
      for (int i = w * KEYS; i < end; i++) {
#pragma unroll
        for (int c = 0; c < DIMENSIONS; c++) {
          int d = threadIdx.x + c * THREADS;
          float value = d < HEAD ? widened(valueTile[i * STORED_STRIDE + d]) : 0.0f;
          sums[c] = __fmaf_rn(weights[i], value, sums[c]);
        }
      }
    }
  }
#pragma unroll
  for (int c = 0; c < DIMENSIONS; c++) {
    int d = threadIdx.x + c * THREADS;
    if (d < heads.size) {
      out[((s64)row * heads.heads + head) * heads.size + d] = __fdiv_rn(sums[c], total);
    }
  }
}
