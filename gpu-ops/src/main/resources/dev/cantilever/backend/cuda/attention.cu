// Attention of packed rows to themselves: forward.
#include "prelude.cuh"
#include "attention.cuh"
#include "attention_tiles.cuh"

// turns [positions, half]: cosine and sine of each position and frequency.
extern "C" __global__ void rotary_table(float2* turns, int positions, int half, double theta) {
  int e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e < positions * half) turns[e] = rotary_turn(e / half, e % half, half, theta);
}

// Block (row and tile of its queries, query head).
extern "C" __global__ void __launch_bounds__(THREADS, 3) attention(
    float* out,
    float* lse,
    const float* qkv,
    const float2* turns,
    const int* offsets,
    int tiles,
    const Heads heads) {
  extern __shared__ float4 memory[];
  float* shared = (float*)memory;
  int start = offsets[blockIdx.x / tiles];
  int length = offsets[blockIdx.x / tiles + 1] - start;
  int first = blockIdx.x % tiles * QUERIES;
  if (first >= length) return;
  int count = min(QUERIES, length - first);
  int head = blockIdx.y;
  const float* row = qkv + (s64)start * heads.width;
  load_rotated<QUERIES>(
      shared,
      count,
      row + (s64)first * heads.width + head * heads.queryStride,
      turns + (s64)first * heads.half,
      heads,
      heads.scale);
  const float* key = row + heads.keyBase + head / heads.group * heads.kvStride;
  const float* value = row + heads.valueBase + head / heads.group * heads.kvStride;
  s64 token = start + first;
  attend(
      out + (token * heads.heads + head) * heads.size,
      (s64)heads.heads * heads.size,
      lse + token * heads.heads + head,
      heads.heads,
      shared,
      count,
      first,
      heads.causal ? first + count : length,
      heads,
      [&](float* tile, int from, int present) {
        load_rotated<KEYS>(
            tile,
            present,
            key + (s64)from * heads.width,
            turns + (s64)from * heads.half,
            heads,
            1.0f);
      },
      [&](float* tile, int from, int present) {
        load_tile<KEYS>(tile, present, heads.size, [&](int i) {
          return value + (s64)(from + i) * heads.width;
        });
      });
}
