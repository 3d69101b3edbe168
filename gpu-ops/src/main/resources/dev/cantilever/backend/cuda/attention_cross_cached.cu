// Attention of rows to other rows' keys and values in a paged cache, with the roundings of cross_attention.
#include "prelude.cuh"
#include "early_launch.cuh"
#include "rounded_rows.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"
#include "async_copy.cuh"
#include "attention_pages.cuh"
#include "attention_decode.cuh"

// Kinds of fault, above the row or slot that is wrong.
#define WRONG_SLOT 0
#define WRONG_LENGTH (1 << 22)
#define WRONG_PAGE (2 << 22)

// A warp has a query of a row and a head, `vectors` of them in all, heads of a query side by side; rows are
// taken to have `longest` queries, and who has one that there is not does nothing. First a lane has a key,
// then dimensions.
extern "C" __global__ void __launch_bounds__(DECODE_WARPS * WARP, 8) cross_attention_cached(
    float* out,
    const float* queries,
    const Stored* keys,
    const Stored* values,
    const int* slots,
    const int* lengths,
    const int* pageTable,
    int slotCount,
    int maxPages,
    int pageTokens,
    int pages,
    const int* offsets,
    int longest,
    int vectors,
    u64* faults,
    int call,
    u16* rounded,
    int groups,
    const Heads heads) {
  extern __shared__ float4 memory[];
  let_next_kernel_begin();
  int vector = blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
  if (vector >= vectors) return;
  DecodeTiles& tiles = ((DecodeTiles*)memory)[threadIdx.x / WARP];
  int lane = threadIdx.x % WARP;
  int head = vector % heads.heads;
  int query = vector / heads.heads % longest;
  int row = vector / heads.heads / longest;
  int token = offsets[row] + query;
  int slot = slots[row];
  bool stopped = __any_sync(FULL_WARP, faulted(faults));  // other warps may be reporting one just now
  if (stopped | token >= offsets[row + 1]) return;
  if (slot < 0 || slot >= slotCount) {
    if (lane == 0) report_fault(faults, call, WRONG_SLOT | row, (u32)slot);
    return;
  }
  int seen = lengths[slot];
  if (seen <= 0 || seen > (s64)maxPages * pageTokens) {
    if (lane == 0) report_fault(faults, call, WRONG_LENGTH | slot, (u32)seen);
    return;
  }
  const int* table = pageTable + (s64)slot * maxPages;
  // Of a token that there is; the last stands for those behind it.
  auto place_of = [&](int token) {
    int present = min(token, seen - 1);
    int page = table[present / pageTokens];
    if (page < 0 || page >= pages) {
      report_fault(faults, call, WRONG_PAGE | slot, (u32)page);
      page = 0;
    }
    return page * pageTokens + present % pageTokens;
  };
  int place = place_of(lane);
  int stride = heads.heads / heads.group * heads.size;
  keys += head / heads.group * heads.size;
  values += head / heads.group * heads.size;
  bool wide = heads.size % PIECE == 0 && ((u64)keys | (u64)values) % 16 == 0;
  auto copyKeys = [&](int count) {
    copy_tokens(tiles.keys, KEY_STRIDE, keys, stride, heads.size, wide, place, count);
    commit_copies();
  };
  auto copyValues = [&](int count) {
    copy_tokens(tiles.values, HEAD, values, stride, heads.size, wide, place, count);
    commit_copies();
  };
  copyKeys(min(KEYS, seen));
  copyValues(min(KEYS, seen));
  const float* own = queries + (s64)token * heads.width + head * heads.queryStride;
#pragma unroll
  for (int c = 0; c < SPREAD; c++) {
    int d = lane + c * WARP;
    tiles.query[d] = d < heads.size ? __fmul_rn(own[d], heads.scale) : 0.0f;
  }
  float total = 0.0f;
  float most = NO_SCORE;
  float sums[OWN];
#pragma unroll
  for (int e = 0; e < OWN; e++) sums[e] = 0.0f;
  int first = min(lane * OWN, HEAD - OWN);  // where lanes are left over, they repeat the last one's

#pragma unroll 1
  for (int from = 0; from < seen; from += KEYS) {
    int present = min(KEYS, seen - from);
    int following = min(KEYS, seen - from - KEYS);
    place = place_of(from + KEYS + lane);
    await_copies_before<1>();  // the keys have come
    __syncwarp();
    float score = NO_SCORE;
    if (lane < present) score = own_product(tiles);
    __syncwarp();
    copyKeys(following);
    take_score(tiles, score, most, total, sums);
    await_copies_before<1>();  // the values have come
    __syncwarp();
    add_values(sums, tiles, first, present);
    __syncwarp();
    copyValues(following);
  }
  if (first != lane * OWN) return;
  s64 output = ((s64)token * heads.heads + head) * heads.size;
#pragma unroll
  for (int e = 0; e < OWN; e++) {
    if (first + e < heads.size) {
      float element = __fdiv_rn(sums[e], total);
      out[output + first + e] = element;
      if (rounded) RoundedRows{rounded, groups}.store(token, head * heads.size + first + e, element);
    }
  }
}
