// Rows [n, k] rounded to bf16 as operand B of products by warpgroups (product_block.cuh): for stage s of STAGE_K
// inner elements, group r of 8 rows and piece p of 8 inner elements, 128 bytes at ((s * groups + r) * 8 + p) * 128,
// a row's 16 bytes after the other's. Pieces 2 * i and 2 * i + 1 have of the fours 4 * i + t, t = 0 .. 3, of inner
// elements the elements {0, 2} and {1, 3}. Nothing is stored for what lies behind n: of that come sums of rows that
// there are not, which nobody stores.

#define STAGE_K 64

// Where an element lies, in bfloats; of a four the first and third are neighbours, and ODD behind them the
// second and fourth.
#define ODD 64

static __device__ __forceinline__ s64 rounded_at(int groups, u32 row, u32 at) {
  s64 group = (s64)(at / STAGE_K) * groups + row / 8;
  return group * (8 * STAGE_K) +
         (at % STAGE_K / 16 * 128 + at % 2 * ODD + row % 8 * 8 + at % 16 / 4 * 2 + at % 4 / 2);
}

// The two words of a four.
static __device__ __forceinline__ uint2 rounded_words(const quad& q) {
  return make_uint2(pack_bfloats(q.e[0], q.e[2]), pack_bfloats(q.e[1], q.e[3]));
}

// Where a kernel puts its rows rounded too, beside what it stores of them (RoundedRows.java); null for nowhere.
struct RoundedRows {
  u16* base;
  int groups;

  __device__ __forceinline__ void store(u32 row, u32 at, float x) const {
    base[rounded_at(groups, row, at)] = float_to_bfloat(x);
  }

  // Four elements, the first at a multiple of four.
  __device__ __forceinline__ void store(u32 row, u32 at, const quad& q) const {
    uint2 words = rounded_words(q);
    u32* to = (u32*)(base + rounded_at(groups, row, at));
    to[0] = words.x;
    to[ODD / 2] = words.y;
  }
};
