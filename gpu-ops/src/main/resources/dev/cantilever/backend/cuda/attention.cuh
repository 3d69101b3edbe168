// What all kernels of attention share: how heads lie in a token's projection, and rotary embedding.

// Offsets and sizes in floats; the same numbers as dev.cantilever.backend.AttentionSpec gives.
struct Heads {
  int heads;        // H, query heads
  int group;        // query heads that share a key head
  int size;         // D
  int width;        // W, a token's projection
  int queryStride;  // from one query head to the next
  int keyBase;      // keys of key head 0
  int valueBase;    // values of key head 0
  int kvStride;     // from one key head to the next
  int half;         // half of the rotated dimensions
  int causal;
  float scale;
};

// The rotary table of dev.cantilever.backend.RotarySpec, by value: a kernel's parameter.
struct Rotary {
  double magnitude;
  double frequencies[128];  // half of the largest head
};

// Cosine and sine of position * frequencies[j], times the magnitude, rounded from double once. Half
// turns, so that no angle is reduced by an inexact multiple of pi.
static __device__ __forceinline__ float2 rotary_turn(int position, int j, const Rotary& rotary) {
  double halfTurns = rotary.frequencies[j] * 0.31830988618379067154;
  double sine, cosine;
  sincospi(position * halfTurns, &sine, &cosine);
  return make_float2((float)(cosine * rotary.magnitude), (float)(sine * rotary.magnitude));
}

// Dimension d of a head vector turned by `turns` [half] (direction 1) or turned back (-1): in
// halves, as GPT-NeoX has it. The roundings are spelled out, so that every kernel has the same.
static __device__ __forceinline__ float rotated(
    const float* vector, int d, int half, const float2* turns, float direction) {
  float x = vector[d];
  if (d >= 2 * half) return x;
  bool first = d < half;
  float2 turn = turns[first ? d : d - half];
  float across = __fmul_rn(vector[first ? d + half : d - half], turn.y * direction);
  return __fmaf_rn(x, turn.x, first ? -across : across);
}
