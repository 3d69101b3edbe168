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

// The dimension that d is turned with; where it is not turned, d itself.
static __device__ __forceinline__ int partner(int d, int half) {
  return d >= 2 * half ? d : d < half ? d + half : d - half;
}

// What turns dimension d.
static __device__ __forceinline__ float2 turn_of(int d, int half, const float2* turns) {
  return d < 2 * half ? turns[d < half ? d : d - half] : make_float2(1.0f, 0.0f);
}

// Dimension d, x, turned by `turn` (direction 1) or turned back (-1) with its partner, `across`: in
// halves, as GPT-NeoX has it. The roundings are spelled out, so that every kernel has the same.
static __device__ __forceinline__ float turned(
    float x, float across, int d, int half, float2 turn, float direction) {
  if (d >= 2 * half) return x;
  float product = __fmul_rn(across, turn.y * direction);
  return __fmaf_rn(x, turn.x, d < half ? -product : product);
}

// The same of a head vector, turned by `turns` [half].
static __device__ __forceinline__ float rotated(
    const float* vector, int d, int half, const float2* turns, float direction) {
  return turned(
      vector[d], vector[partner(d, half)], d, half, turn_of(d, half, turns), direction);
}
