// What all kernels of attention share: how heads lie in a token's projection, what is done to scores, and
// rotary embedding. SCORES, a definition, is there where scores are not as the product gives them, or
// reach no further back than a window; without it nothing of that is compiled.

// Offsets and sizes in floats; the same numbers as dev.cantilever.backend.AttentionSpec gives.
struct Heads {
#ifdef SCORES
  const float* bias;  // [H, 2 farthest + 1], for each distance of a key from the query; null for none
#endif
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
#ifdef SCORES
  int window;         // keys that a causal query sees at most, its own being the last
  float cap;          // bound of the scores, 0 for none
  float inverseCap;
  int sloped;         // how many of the heads have a slope: all or none
  float slopes[128];  // for each position of a key behind the query's, negative before it
  int farthest;       // largest distance that has a bias of its own
#endif
};

// Of a key that is not seen: minus infinity, whose exponential is an exact zero.
#define NO_SCORE __int_as_float(0xff800000)

// What is done to scores, and how far back they reach. Without SCORES these are macros, which leave nothing
// of their arguments, so that the machine code is that of kernels that know of none of this.
#ifdef SCORES
// What exponentials are taken relative to: the largest score; a query that has seen no key yet has none.
static __device__ __forceinline__ float anchor_of(float most) {
  return most == NO_SCORE ? 0.0f : most;
}

// The first key that a query sees, of their positions in the row.
static __device__ __forceinline__ int first_key(int position, const Heads& heads) {
  return max(0, position - heads.window + 1);
}

// Whether a key is before the first that a query sees.
static __device__ __forceinline__ bool is_hidden(int key, int query, const Heads& heads) {
  return key < first_key(query, heads);
}

// The same of a place in a tile and the first that a query sees.
static __device__ __forceinline__ bool is_before(int place, int first) {
  return place < first;
}

// Behind the last of `length` queries that sees a key.
static __device__ __forceinline__ int end_of_queries(int key, int length, const Heads& heads) {
  return key + 1 + min(length - 1 - key, heads.window - 1);
}

// A scaled product of a query and a key, bounded; `growth` is the derivative.
static __device__ __forceinline__ float capped(float product, const Heads& heads, float& growth) {
  growth = 1.0f;
  if (!(heads.cap > 0.0f)) return product;
  float bent = tanhf(__fmul_rn(product, heads.inverseCap));
  growth = __fmaf_rn(-bent, bent, 1.0f);
  return __fmul_rn(bent, heads.cap);
}

static __device__ __forceinline__ float capped(float product, const Heads& heads) {
  float growth;
  return capped(product, heads, growth);
}

static __device__ __forceinline__ float slope_of(int head, const Heads& heads) {
  return head < heads.sloped ? heads.slopes[head] : 0.0f;
}

static __device__ __forceinline__ float bias_of(int distance, int head, const Heads& heads) {
  if (!heads.bias) return 0.0f;
  int near = min(max(distance, -heads.farthest), heads.farthest);
  return heads.bias[head * (2 * heads.farthest + 1) + heads.farthest + near];
}

// The score that comes of a scaled product of a query and a key; `growth` is its derivative.
static __device__ __forceinline__ float score_of(
    float product, int key, int query, int head, const Heads& heads, float& growth) {
  int distance = key - query;
  float score = __fmaf_rn(slope_of(head, heads), (float)distance, capped(product, heads, growth));
  return __fadd_rn(score, bias_of(distance, head, heads));
}

static __device__ __forceinline__ float score_of(
    float product, int key, int query, int head, const Heads& heads) {
  float growth;
  return score_of(product, key, query, head, heads, growth);
}
#else
#define anchor_of(most) (most)
#define first_key(position, heads) 0
#define is_hidden(key, query, heads) false
#define is_before(place, first) ((void)(first), false)
#define end_of_queries(key, length, heads) (length)
#define score_of(product, ...) (product)
#endif

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
