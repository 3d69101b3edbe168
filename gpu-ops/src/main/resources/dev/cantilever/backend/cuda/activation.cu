// Elementwise operations, four elements a thread at a time.
#include "prelude.cuh"
#include "early_launch.cuh"
#include "rounded_rows.cuh"

#define GELU 0
#define GELU_TANH 1
#define RELU 2
#define SILU 3
#define TANH 4

#define DENSITY 0.3989422804f     // 1 / sqrt(2 pi)
#define TWICE_ROOT 1.5957691216f  // 2 sqrt(2 / pi): gelu's tanh form is x sigmoid(2u)
#define CUBIC 0.044715f
#define FLAT 30.0f  // where the slope of the tanh form has become 0 or 1 and cubes are finite

#define THREADS 256
// All of the threads that a multiprocessor holds: the grid of a loop is as large.
#define RESIDENT (__CUDA_ARCH__ == 800 || __CUDA_ARCH__ == 900 ? 8 : 6)

// The loop over quads: `at` is the first element of one, `left` how many there are from it on.
#define FOR_QUADS(at, left, count)                                                       \
  for (s64 at = 4 * ((s64)blockIdx.x * blockDim.x + threadIdx.x), left = count - at; left > 0; \
       at += 4 * (s64)gridDim.x * blockDim.x, left = count - at)

static __device__ __forceinline__ float sigmoid(float x) {
  return __fdividef(1.0f, 1.0f + expf(-x));  // within two units in the last place
}

static __device__ __forceinline__ float twice_u(float x) {
  return fmaf(x * x, CUBIC, 1.0f) * (x * TWICE_ROOT);
}

static __device__ __forceinline__ float value(float x, int f) {
  switch (f) {
    case GELU:  // max(x, 0) - |x| Phi(-|x|)
      return fmaf(-fabsf(x), normcdff(-fabsf(x)), fmaxf(x, 0.0f));
    case GELU_TANH:
      return x * sigmoid(twice_u(x));
    case RELU:
      return x <= 0.0f ? 0.0f : x;  // NaN stays
    case SILU:
      return x * sigmoid(x);
    default:
      return tanhf(x);
  }
}

static __device__ __forceinline__ float slope(float x, int f) {
  switch (f) {
    case GELU:
      return fmaf(x * DENSITY, expf(-0.5f * x * x), normcdff(x));
    case GELU_TANH: {
      float s = sigmoid(twice_u(x));
      float v = fminf(fmaxf(x, -FLAT), FLAT);
      return fmaf(s * (1.0f - s), fmaf(v * v, 3.0f * CUBIC, 1.0f) * (v * TWICE_ROOT), s);
    }
    case RELU:
      return x <= 0.0f ? 0.0f : 1.0f;
    case SILU: {
      float s = sigmoid(x);
      return fmaf(s * (1.0f - s), x, s);
    }
    default: {
      float t = tanhf(x);
      return fmaf(-t, t, 1.0f);
    }
  }
}

// Of rows that are rounded too there are `width` elements each.
extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) activate(
    float* y, const float* x, s64 count, int f, u32 width, u16* rounded, int groups) {
  let_next_kernel_begin();
  bool wide = quads_align((u64)y | (u64)x, 0);
  FOR_QUADS(at, left, count) {
    quad v = load_quad(x, at, left, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) v.e[i] = value(v.e[i], f);
    store_quad(y, at, left, wide, v);
    if (rounded) RoundedRows{rounded, groups}.store((u32)at / width, (u32)at % width, v);
  }
}

// What is added to, read with all else; none unless it is.
static __device__ __forceinline__ quad load_present(
    const float* y, s64 at, s64 left, bool wide, int accumulate) {
  return load_quad(y, at, accumulate ? left : 0, wide);
}

// Adds to what was there, or not, and stores.
static __device__ __forceinline__ void put(
    float* y, s64 at, s64 left, bool wide, quad v, const quad& present, int accumulate) {
  if (accumulate) {
#pragma unroll
    for (int i = 0; i < 4; i++) v.e[i] = __fadd_rn(v.e[i], present.e[i]);
  }
  store_quad(y, at, left, wide, v);
}

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) activate_backward(
    float* dx, const float* dy, const float* x, s64 count, int f, int accumulate) {
  bool wide = quads_align((u64)dx | (u64)dy | (u64)x, 0);
  FOR_QUADS(at, left, count) {
    quad g = load_quad(dy, at, left, wide);
    quad v = load_quad(x, at, left, wide);
    quad present = load_present(dx, at, left, wide, accumulate);
#pragma unroll
    for (int i = 0; i < 4; i++) g.e[i] = __fmul_rn(slope(v.e[i], f), g.e[i]);
    put(dx, at, left, wide, g, present, accumulate);
  }
}

// y = a + b.
extern "C" __global__ void add(float* y, const float* a, const float* b, s64 count) {
  bool wide = quads_align((u64)y | (u64)a | (u64)b, 0);
  FOR_QUADS(at, left, count) {
    quad v = load_quad(a, at, left, wide);
    quad w = load_quad(b, at, left, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) v.e[i] += w.e[i];
    store_quad(y, at, left, wide, v);
  }
}

// y = cap tanh(x / cap); what is not finite stays.
extern "C" __global__ void softcap(float* y, const float* x, s64 count, float cap) {
  bool wide = quads_align((u64)y | (u64)x, 0);
  FOR_QUADS(at, left, count) {
    quad v = load_quad(x, at, left, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (fabsf(v.e[i]) < INFINITE) v.e[i] = cap * tanhf(v.e[i] / cap);
    }
    store_quad(y, at, left, wide, v);
  }
}

extern "C" __global__ void scale(float* y, const float* x, s64 count, float factor) {
  bool wide = quads_align((u64)y | (u64)x, 0);
  FOR_QUADS(at, left, count) {
    quad v = load_quad(x, at, left, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) v.e[i] *= factor;
    store_quad(y, at, left, wide, v);
  }
}

extern "C" __global__ void multiply(float* y, const float* a, const float* b, s64 count) {
  bool wide = quads_align((u64)y | (u64)a | (u64)b, 0);
  FOR_QUADS(at, left, count) {
    quad v = load_quad(a, at, left, wide);
    quad w = load_quad(b, at, left, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) v.e[i] = __fmul_rn(v.e[i], w.e[i]);
    store_quad(y, at, left, wide, v);
  }
}

// y = f x + s in `width` columns from `column` on of rows of `pitch` elements, or y += that; y may
// be x. Block (row, part of the columns).
extern "C" __global__ void affine_columns(
    float* y, const float* x, const float* factor, const float* shift, int pitch, int column,
    int width, int accumulate) {
  int at = blockIdx.y * blockDim.x + threadIdx.x;
  if (at >= width) return;
  s64 i = (s64)blockIdx.x * pitch + column + at;
  float v = fmaf(factor[at], x[i], shift[at]);
  y[i] = accumulate ? __fadd_rn(y[i], v) : v;
}

// Element i takes word i % 4 of counter i / 4 and is kept from p on.
extern "C" __global__ void dropout(
    float* y, const float* x, s64 count, float p, float scale, u64 key, int accumulate) {
  bool wide = quads_align((u64)y | (u64)x, 0);
  FOR_QUADS(at, left, count) {
    quad v = load_quad(x, at, left, wide);
    quad present = load_present(y, at, left, wide, accumulate);
    u64 counter = (u64)at / 4;
    uint4 words = philox(key, (u32)counter, (u32)(counter >> 32), 0, 0);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float uniform = (float)(philox_word(words, i) >> 8) * 0x1p-24f;
      v.e[i] = uniform >= p ? __fmul_rn(v.e[i], scale) : 0.0f;
    }
    put(y, at, left, wide, v, present, accumulate);
  }
}

// y [N, F] = f(g) u, x [N, 2F] holding g and u of a row. Block (row, part of the F elements).
extern "C" __global__ void activate_gated(
    float* y, const float* x, int width, int f, u16* rounded, int groups) {
  let_next_kernel_begin();
  bool wide = quads_align((u64)y | (u64)x, width);
  s64 at = 4 * ((s64)blockIdx.y * blockDim.x + threadIdx.x);
  s64 left = width - at;
  if (left <= 0) return;
  s64 row = blockIdx.x;
  quad g = load_quad(x, 2 * row * width + at, left, wide);
  quad u = load_quad(x, (2 * row + 1) * width + at, left, wide);
#pragma unroll
  for (int i = 0; i < 4; i++) g.e[i] = __fmul_rn(value(g.e[i], f), u.e[i]);
  store_quad(y, row * width + at, left, wide, g);
  if (rounded) RoundedRows{rounded, groups}.store(row, at, g);
}

// dx [N, 2F] = (dy u f'(g), dy f(g)). Block (row, part of the F elements).
extern "C" __global__ void activate_gated_backward(
    float* dx, const float* dy, const float* x, int width, int f, int accumulate) {
  bool wide = quads_align((u64)dx | (u64)dy | (u64)x, width);
  s64 at = 4 * ((s64)blockIdx.y * blockDim.x + threadIdx.x);
  s64 left = width - at;
  if (left <= 0) return;
  s64 row = blockIdx.x;
  s64 gate = 2 * row * width + at;
  s64 up = gate + width;
  quad g = load_quad(x, gate, left, wide);
  quad u = load_quad(x, up, left, wide);
  quad d = load_quad(dy, row * width + at, left, wide);
  quad presentGate = load_present(dx, gate, left, wide, accumulate);
  quad presentUp = load_present(dx, up, left, wide, accumulate);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    u.e[i] = __fmul_rn(slope(g.e[i], f), __fmul_rn(d.e[i], u.e[i]));
    d.e[i] = __fmul_rn(value(g.e[i], f), d.e[i]);
  }
  put(dx, gate, left, wide, u, presentGate, accumulate);
  put(dx, up, left, wide, d, presentUp, accumulate);
}
