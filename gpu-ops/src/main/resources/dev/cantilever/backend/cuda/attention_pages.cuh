// Keys and values of a paged cache: where they lie, and asynchronous copies of them to shared memory by
// a warp for itself.

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

#define PIECE (16 / (int)sizeof(Stored))  // elements of an asynchronous copy
#define PIECES (HEAD / PIECE)
#define COPIED (PIECES < WARP ? WARP / PIECES : 1)  // tokens that a warp copies at once

// Begins to copy the vectors of `count` tokens, which lie at the lanes' places, with zeros behind `size`;
// 16 bytes at a time where `wide`. The warp has used what is in the tile.
static __device__ __forceinline__ void copy_tokens(
    Stored* tile,
    int tileStride,
    const Stored* source,
    int stride,
    int size,
    bool wide,
    int place,
    int count) {
  int lane = threadIdx.x % WARP;
  if (wide) {
    int own = lane / PIECES;
    int piece = lane % PIECES;
#pragma unroll 4
    for (int i = 0; i < count; i += COPIED) {
      s64 token = (s64)__shfl_sync(FULL_WARP, place, i + own) * stride;
      if (own < COPIED && i + own < count) {
#pragma unroll
        for (int p = 0; p < PIECES; p += WARP) {
          int d = (piece + p) * PIECE;
          bool present = d < size;
          begin_copy<16>(tile + (i + own) * tileStride + d, source + token + (present ? d : 0), present);
        }
      }
    }
  } else {
    for (int i = 0; i < count; i++) {
      s64 token = (s64)__shfl_sync(FULL_WARP, place, i) * stride;
      for (int d = lane; d < HEAD; d += WARP) {
        tile[i * tileStride + d] = d < size ? source[token + d] : (Stored)0;
      }
    }
  }
}
