// Attention of new tokens to a paged cache: to one that already holds their keys and values, or, for
// rows of one token each, to one that they are appended to on the way.
#include "prelude.cuh"
#include "early_launch.cuh"
#include "relay.cuh"
#include "rounded_rows.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"
#include "async_copy.cuh"
#include "attention_pages.cuh"
#include "attention_decode.cuh"

// Rows of any number of new tokens, made for many (attention_few.cu for few). Block (row and tile of its
// queries, query head).
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
      head,
      heads,
      load(keys),
      load(values));
}

static __device__ __forceinline__ Stored narrowed(float x) {
#ifdef BFLOAT
  return float_to_bfloat(x);
#else
  return x;
#endif
}

#ifdef SCORES
// Zeros in the place of values that are not seen: zero times what is not finite is not zero.
static __device__ __forceinline__ void clear_tokens(Stored* values, int count) {
  for (int i = threadIdx.x % WARP; i < count * HEAD; i += WARP) values[i] = (Stored)0;
}
#endif

// Rows of one new token each, whose key and value are appended: every warp takes them from the
// projection, and the first of the query heads that share them puts them in the cache. A warp has a row
// and query head, `vectors` of them in all, heads of a row side by side; first a lane has a key, then
// dimensions.
extern "C" __global__ void __launch_bounds__(DECODE_WARPS * WARP, 8) attention_decode(
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
    int vectors,
    const u64* faults,
    u16* rounded,
    int groups,
    const Heads heads,
    const Relay relay) {
  extern __shared__ float4 memory[];
  let_next_kernel_begin();
  int vector = blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
  if (vector >= vectors) return;
  DecodeTiles& tiles = ((DecodeTiles*)memory)[threadIdx.x / WARP];
  int lane = threadIdx.x % WARP;
  int row = vector / heads.heads;
  int head = vector % heads.heads;
  int slot = slots[row];
  auto await = [&]() {
    if (relay.present()) {
      if (lane == 0) relay.await();
      __syncwarp();
    } else {
      await_kernels_before();
    }
  };
  if (faulted(faults) | slot < 0) {  // both are asked for before either is awaited
    await();                         // the next kernel relies on this one's having waited
    return;
  }
  int cached = lengths[slot];
  s64 target = places[row];
  Slot pages = {pageTable + (s64)slot * maxPages, pageTokens};
  int lastToken = maxPages * pageTokens - 1;  // a lane's may lie behind the cached ones
  int begin = first_key(cached, heads) / KEYS * KEYS;
  int place = pages.place(min(begin + lane, lastToken));
  int keyHead = head / heads.group;
  bool writes = head % heads.group == 0;
  int stride = heads.heads / heads.group * heads.size;
  keys += keyHead * heads.size;
  values += keyHead * heads.size;
  bool wide = heads.size % PIECE == 0 && ((u64)keys | (u64)values) % 16 == 0;
  auto copyKeys = [&](int count) {
    copy_tokens(tiles.keys, KEY_STRIDE, keys, stride, heads.size, wide, place, count);
    commit_copies();
  };
  auto copyValues = [&](int count) {
    copy_tokens(tiles.values, HEAD, values, stride, heads.size, wide, place, count);
    commit_copies();
  };
  copyKeys(min(KEYS, cached - begin));
  copyValues(min(KEYS, cached - begin));

  // All of the projection is read before any of it is awaited.
  await();
  const float* token = qkv + (s64)row * heads.width;
  const float* ownQuery = token + head * heads.queryStride;
  const float* ownKey = token + keyHead * heads.kvStride + heads.keyBase;
  const float* ownValue = token + keyHead * heads.kvStride + heads.valueBase;
  turns += (s64)row * heads.half;
  float query[SPREAD], queryAcross[SPREAD], key[SPREAD], keyAcross[SPREAD], value[SPREAD];
  float2 turn[SPREAD];
#pragma unroll
  for (int c = 0; c < SPREAD; c++) {
    int d = lane + c * WARP;
    bool present = d < heads.size;
    int across = present ? partner(d, heads.half) : 0;
    query[c] = present ? ownQuery[d] : 0.0f;
    queryAcross[c] = present ? ownQuery[across] : 0.0f;
    key[c] = present ? ownKey[d] : 0.0f;
    keyAcross[c] = present ? ownKey[across] : 0.0f;
    value[c] = present ? ownValue[d] : 0.0f;
    turn[c] = turn_of(d, heads.half, turns);
  }
  Stored newKey[SPREAD];
  Stored newValue[SPREAD];
#pragma unroll
  for (int c = 0; c < SPREAD; c++) {
    int d = lane + c * WARP;
    tiles.query[d] = __fmul_rn(
        turned(query[c], queryAcross[c], d, heads.half, turn[c], 1.0f), heads.scale);
    newKey[c] = narrowed(turned(key[c], keyAcross[c], d, heads.half, turn[c], 1.0f));
    newValue[c] = narrowed(value[c]);
    if (writes && d < heads.size) {
      keys[target * stride + d] = newKey[c];
      values[target * stride + d] = newValue[c];
    }
  }
  float total = 0.0f;
  float most = NO_SCORE;
  float sums[OWN];
#pragma unroll
  for (int e = 0; e < OWN; e++) sums[e] = 0.0f;
  int own = min(lane * OWN, HEAD - OWN);  // where lanes are left over, they repeat the last one's

#pragma unroll 1
  for (int from = begin; from <= cached; from += KEYS) {
    int present = min(KEYS, cached + 1 - from);
    int following = min(KEYS, cached - from - KEYS);  // still in the cache, behind these
    if (cached - from < KEYS) {  // the new token is the last of these
#pragma unroll
      for (int c = 0; c < SPREAD; c++) {
        tiles.keys[(cached - from) * KEY_STRIDE + lane + c * WARP] = newKey[c];
        tiles.values[(cached - from) * HEAD + lane + c * WARP] = newValue[c];
      }
    }
    place = pages.place(min(from + KEYS + lane, lastToken));
    await_copies_before<1>();  // the keys have come
    __syncwarp();
    float score = NO_SCORE;
    if (lane < present && !is_hidden(from + lane, cached, heads)) {
      score = score_of(own_product(tiles), from + lane, cached, head, heads);
    }
    __syncwarp();
    copyKeys(following);
    take_score(tiles, score, most, total, sums);
    await_copies_before<1>();  // the values have come
    __syncwarp();
#ifdef SCORES
    clear_tokens(tiles.values, first_key(cached, heads) - from);
    __syncwarp();
#endif
    add_values(sums, tiles, own, present);
    __syncwarp();
    copyValues(following);
  }
  if (own != lane * OWN) return;
#pragma unroll
  for (int e = 0; e < OWN; e++) {
    if (own + e < heads.size) {
      float element = __fdiv_rn(sums[e], total);
      out[(s64)vector * heads.size + own + e] = element;
      if (rounded) RoundedRows{rounded, groups}.store(row, head * heads.size + own + e, element);
    }
  }
}
