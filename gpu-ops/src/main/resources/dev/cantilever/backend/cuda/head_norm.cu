// RMS norm of each query and key head of a fused projection [N, (queries + 2 keys) d]; the values behind them
// are copied. Block (row, four heads), a warp a head: a lane has every 32nd quad of it, whose squares it adds
// one after the other before the lanes are added, so that a head's sums depend on its size alone.
#include "prelude.cuh"

#define THREADS 128
#define HEADS (THREADS / WARP)  // of a block

// The loop over a lane's quads of a head of `d` elements.
#define FOR_LANE_QUADS(at, d) for (int at = threadIdx.x % WARP * 4; at < d; at += 4 * WARP)

// What the heads of a row are, and the factors of their elements.
struct HeadNorms {
  const void* queryGamma;
  const void* keyGamma;
  int queries;
  int keys;
  int d;
  int queryStorage;
  int keyStorage;
  float eps;

  __device__ __forceinline__ int head() const { return blockIdx.y * HEADS + threadIdx.x / WARP; }

  __device__ __forceinline__ int heads() const { return queries + 2 * keys; }

  // Of the row's elements the first of this warp's head.
  __device__ __forceinline__ s64 start() const {
    return ((s64)blockIdx.x * heads() + head()) * d;
  }

  __device__ __forceinline__ bool of_values() const { return head() >= queries + keys; }

  // Whether heads may be read and written four elements at once.
  __device__ __forceinline__ bool wide(u64 addresses) const {
    return quads_align(addresses | (u64)queryGamma | (u64)keyGamma, d);
  }

  __device__ __forceinline__ quad gamma(int at, bool wide) const {
    bool query = head() < queries;
    return load_quad(
        query ? queryGamma : keyGamma, at, d - at, wide, query ? queryStorage : keyStorage);
  }
};

extern "C" __global__ void __launch_bounds__(THREADS) head_norm(
    float* y, const float* x, HeadNorms norms) {
  if (norms.head() >= norms.heads()) return;
  int d = norms.d;
  y += norms.start();
  x += norms.start();
  bool wide = norms.wide((u64)y | (u64)x);
  if (norms.of_values()) {
    if (y == x) return;
    FOR_LANE_QUADS(at, d) store_quad(y, at, d - at, wide, load_quad(x, at, d - at, wide));
    return;
  }
  float square = 0.0f;
  FOR_LANE_QUADS(at, d) {
    quad v = load_quad(x, at, d - at, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) square = fmaf(v.e[i], v.e[i], square);
  }
  float factor = 1.0f / sqrtf(warp_sum(square) / d + norms.eps);
  FOR_LANE_QUADS(at, d) {
    quad v = load_quad(x, at, d - at, wide);
    quad scale = norms.gamma(at, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) v.e[i] = v.e[i] * factor * scale.e[i];
    store_quad(y, at, d - at, wide, v);
  }
}

// Adds to what was there, or not, and stores.
static __device__ __forceinline__ void put(
    float* dx, int at, int d, bool wide, quad v, int accumulate) {
  if (accumulate) {
    quad present = load_quad(dx, at, d - at, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) v.e[i] = __fadd_rn(present.e[i], v.e[i]);
  }
  store_quad(dx, at, d - at, wide, v);
}

// With g = dy gamma and z the normalized head: dx = (g - z mean(g z)) / root mean square.
extern "C" __global__ void __launch_bounds__(THREADS) head_norm_backward(
    float* dx, const float* dy, const float* x, HeadNorms norms, int accumulate) {
  if (norms.head() >= norms.heads()) return;
  int d = norms.d;
  dx += norms.start();
  dy += norms.start();
  x += norms.start();
  bool wide = norms.wide((u64)dx | (u64)dy | (u64)x);
  if (norms.of_values()) {
    FOR_LANE_QUADS(at, d) put(dx, at, d, wide, load_quad(dy, at, d - at, wide), accumulate);
    return;
  }
  float square = 0.0f;
  float product = 0.0f;
  FOR_LANE_QUADS(at, d) {
    quad v = load_quad(x, at, d - at, wide);
    quad g = load_quad(dy, at, d - at, wide);
    quad scale = norms.gamma(at, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      square = fmaf(v.e[i], v.e[i], square);
      product = fmaf(__fmul_rn(g.e[i], scale.e[i]), v.e[i], product);
    }
  }
  float factor = 1.0f / sqrtf(warp_sum(square) / d + norms.eps);
  float meanProduct = warp_sum(product) * factor / d;
  FOR_LANE_QUADS(at, d) {
    quad v = load_quad(x, at, d - at, wide);
    quad g = load_quad(dy, at, d - at, wide);
    quad scale = norms.gamma(at, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float z = v.e[i] * factor;
      g.e[i] = __fmul_rn(fmaf(-z, meanProduct, __fmul_rn(g.e[i], scale.e[i])), factor);
    }
    put(dx, at, d, wide, g, accumulate);
  }
}
