// Weights as fragments of tensor-core products, by the kinds they are stored as: what differs between
// the compilations of product_bf16.cu. WEIGHT is INT8, BF16 or F16; DIRECTION is FORWARD or GRADIENT.

#define INT8 0
#define BF16 1
#define F16 2
#define FORWARD 0
#define GRADIENT 1

// A weight's registers for one step: INT8 64 inner elements, else 32; 16 registers either way.
#if WEIGHT == INT8
#define STEP_K 64
#else
#define STEP_K 32
#endif
#define STEP_MMAS (STEP_K / 16)

struct Step {
  uint4 word[4];
};

struct Frozen {
  const void* data;
  int m;         // size of the M dimension
  int k;         // size of the inner dimension
  int columns;   // I, of a row-major weight
  int aligned;   // whether a row-major weight's rows can be read 16 (forward) or 8 bytes at a time
};

#if WEIGHT != INT8
static __device__ __forceinline__ u32 pair_at(const u16* low, const u16* high, bool lowIn, bool highIn) {
  return (lowIn ? (u32)*low : 0u) | (highIn ? (u32)*high << 16 : 0u);
}
#endif

// The weight's elements for M in [32 * tile, +32) and inner elements [k, k + STEP_K).
static __device__ __forceinline__ void load_step(Step& step, const Frozen& w, int tile, int k) {
  int lane = threadIdx.x % WARP;
  int g = lane / 4;
  int t = lane % 4;
#if WEIGHT == INT8
  int innerTiles = (w.k + 31) / 32;
  const uint4* data = (const uint4*)w.data;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int inner = k / 32 + half;
    bool in = inner < innerTiles;
#if DIRECTION == FORWARD
    const uint4* base = data + ((s64)tile * innerTiles + inner) * 64;
    step.word[2 * half] = in ? __ldg(base + g * 8 + t) : make_uint4(0, 0, 0, 0);
    step.word[2 * half + 1] = in ? __ldg(base + g * 8 + 4 + t) : make_uint4(0, 0, 0, 0);
#else
    int outerTiles = (w.m + 31) / 32;
    const uint4* base = data + ((s64)inner * outerTiles + tile) * 64;
    step.word[2 * half] = in ? __ldg(base + t * 8 + g) : make_uint4(0, 0, 0, 0);
    step.word[2 * half + 1] = in ? __ldg(base + (4 + t) * 8 + g) : make_uint4(0, 0, 0, 0);
#endif
  }
#elif DIRECTION == FORWARD
  // Register block r: output 32 * tile + 4g + r, inputs k + 8t .. k + 8t + 7.
  const u16* data = (const u16*)w.data;
  int inner = k + 8 * t;
#pragma unroll
  for (int r = 0; r < 4; r++) {
    int row = min(32 * tile + 4 * g + r, w.m - 1);
    const u16* from = data + (s64)row * w.columns + inner;
    if (w.aligned) {
      step.word[r] = inner < w.k ? __ldg((const uint4*)from) : make_uint4(0, 0, 0, 0);
    } else {
      step.word[r].x = pair_at(from, from + 1, inner < w.k, inner + 1 < w.k);
      step.word[r].y = pair_at(from + 2, from + 3, inner + 2 < w.k, inner + 3 < w.k);
      step.word[r].z = pair_at(from + 4, from + 5, inner + 4 < w.k, inner + 5 < w.k);
      step.word[r].w = pair_at(from + 6, from + 7, inner + 6 < w.k, inner + 7 < w.k);
    }
  }
#else
  // Half register block (mma q, output r of its four): output k + 16q + 4t + r, inputs 32 * tile + 4g ..+3.
  const u16* data = (const u16*)w.data;
  int inner = 32 * tile + 4 * g;
#pragma unroll
  for (int q = 0; q < 2; q++) {
#pragma unroll
    for (int r = 0; r < 4; r++) {
      int row = k + 16 * q + 4 * t + r;
      const u16* from = data + (s64)row * w.columns + inner;
      uint2 four;
      if (w.aligned) {
        four = row < w.k && inner < w.m ? __ldg((const uint2*)from) : make_uint2(0, 0);
      } else {
        bool in = row < w.k;
        four.x = pair_at(from, from + 1, in && inner < w.m, in && inner + 1 < w.m);
        four.y = pair_at(from + 2, from + 3, in && inner + 2 < w.m, in && inner + 3 < w.m);
      }
      uint4& to = step.word[2 * q + r / 2];
      if (r % 2 == 0) {
        to.x = four.x;
        to.y = four.y;
      } else {
        to.z = four.x;
        to.w = four.y;
      }
    }
  }
#endif
}

// Two bfloats 128. A kernel may hand them to `fragments` in a register whose origin the compiler does not see,
// since it moves constants into registers again for every use.
#define TWICE_128 0x43004300u

#if WEIGHT == INT8
// Bytes 0 and 2 of a word, signed, as two bfloats. In 128 + (b & 127) and 128 + (b & 128) every value
// is exact, and so is their difference.
static __device__ __forceinline__ u32 even_bytes(u32 word, u32 twice128) {
  u32 low = (word & 0x007f007fu) | twice128;
  u32 sign = (word & 0x00800080u) | twice128;
  u32 pair;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(pair) : "r"(sign), "r"(0xbf80bf80u), "r"(low));
  return pair;
}
#endif

// A fragments of both m16 tiles for mma q of a step: a[tile][register]. Rows g and g + 8 of tile 0 are
// M = 4g and 4g + 1, of tile 1 M = 4g + 2 and 4g + 3.
static __device__ __forceinline__ void fragments(
    u32 a[2][4], const Step& step, int q, u32 twice128) {
#if WEIGHT == INT8
  uint4 w = step.word[q];
#if DIRECTION == FORWARD  // a word: one output, four inputs; pairs are (4t, 4t + 2) and (4t + 1, 4t + 3)
  a[0][0] = even_bytes(w.x, twice128);
  a[0][1] = even_bytes(w.y, twice128);
  a[0][2] = even_bytes(w.x >> 8, twice128);
  a[0][3] = even_bytes(w.y >> 8, twice128);
  a[1][0] = even_bytes(w.z, twice128);
  a[1][1] = even_bytes(w.w, twice128);
  a[1][2] = even_bytes(w.z >> 8, twice128);
  a[1][3] = even_bytes(w.w >> 8, twice128);
#else  // a word: one inner output, four of M; pairs are the same inner ones of two words
  a[0][0] = even_bytes(__byte_perm(w.x, w.z, 0x4400), twice128);
  a[0][1] = even_bytes(__byte_perm(w.x, w.z, 0x5511), twice128);
  a[0][2] = even_bytes(__byte_perm(w.y, w.w, 0x4400), twice128);
  a[0][3] = even_bytes(__byte_perm(w.y, w.w, 0x5511), twice128);
  a[1][0] = even_bytes(__byte_perm(w.x, w.z, 0x6622), twice128);
  a[1][1] = even_bytes(__byte_perm(w.x, w.z, 0x7733), twice128);
  a[1][2] = even_bytes(__byte_perm(w.y, w.w, 0x6622), twice128);
  a[1][3] = even_bytes(__byte_perm(w.y, w.w, 0x7733), twice128);
#endif
#elif DIRECTION == FORWARD  // block r: output 4g + r; mma q has inputs 8t + 4q .. 8t + 4q + 3
#pragma unroll
  for (int tile = 0; tile < 2; tile++) {
    uint4 first = step.word[2 * tile];
    uint4 second = step.word[2 * tile + 1];
    a[tile][0] = q == 0 ? first.x : first.z;
    a[tile][1] = q == 0 ? second.x : second.z;
    a[tile][2] = q == 0 ? first.y : first.w;
    a[tile][3] = q == 0 ? second.y : second.w;
  }
#else  // outputs 4t .. 4t + 3 of mma q; pairs are (4t, 4t + 2) and (4t + 1, 4t + 3)
  uint4 front = step.word[2 * q];     // outputs 4t (x, y) and 4t + 1 (z, w)
  uint4 back = step.word[2 * q + 1];  // outputs 4t + 2 and 4t + 3
  a[0][0] = __byte_perm(front.x, back.x, 0x5410);
  a[0][1] = __byte_perm(front.x, back.x, 0x7632);
  a[0][2] = __byte_perm(front.z, back.z, 0x5410);
  a[0][3] = __byte_perm(front.z, back.z, 0x7632);
  a[1][0] = __byte_perm(front.y, back.y, 0x5410);
  a[1][1] = __byte_perm(front.y, back.y, 0x7632);
  a[1][2] = __byte_perm(front.w, back.w, 0x5410);
  a[1][3] = __byte_perm(front.w, back.w, 0x7632);
#endif
}

#if WEIGHT == F16
// Two halves as the exact sum of two pairs of bfloats: 11 significant bits are 8 and 3.
static __device__ __forceinline__ void split(u32& high, u32& low, u32 halves) {
  float first = half_to_float((u16)halves);
  float second = half_to_float((u16)(halves >> 16));
  high = pack_bfloats(first, second);
  low = pack_bfloats(
      first - __uint_as_float(high << 16), second - __uint_as_float(high & 0xffff0000u));
}
#endif

// The same two roundings wherever a sum is finished.
static __device__ __forceinline__ float finished(float sum, float scale, float bias) {
  return __fadd_rn(__fmul_rn(sum, scale), bias);
}
