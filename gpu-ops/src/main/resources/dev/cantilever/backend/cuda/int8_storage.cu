// Int8 weights: quantisation, writing integers as they are, reading back, random integers.
//
// A block of threads writes 4 rows, a thread 4 x 4 integers of them: 16 bytes that lie together.
#include "prelude.cuh"

#define ROWS 4
#define THREADS 256

// Where the 4 x 4 integers from row `first` (a multiple of 4) and input 4b on lie.
static __device__ __forceinline__ uint4* place(uint4* data, int first, int b, int paddedIn) {
  return data + int8_offset(first, 4 * b, paddedIn) / sizeof(uint4);
}

extern "C" __global__ void __launch_bounds__(THREADS) quantize(
    uint4* data, float* absmax, const void* source, int out, int in, int paddedIn, int storage) {
  __shared__ float scratch[THREADS / WARP];
  int first = blockIdx.x * ROWS;
  float scale[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    int o = first + r;
    float most = 0;
    if (o < out) {
      for (int i = threadIdx.x; i < in; i += THREADS) {
        float magnitude = fabsf(load_stored(source, (s64)o * in + i, storage));
        if (magnitude < INFINITE) most = fmaxf(most, magnitude);
      }
    }
    most = block_max(most, scratch);
    scale[r] = int8_scale(most);
    if (o < out && threadIdx.x == 0) absmax[o] = scale[r] == 0 ? 0 : most;
  }
  for (int b = threadIdx.x; b < paddedIn / 4; b += THREADS) {
    u32 words[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      int o = first + r;
      words[r] = 0;
#pragma unroll
      for (int j = 0; j < 4; j++) {
        int i = 4 * b + j;
        if (o < out && i < in) {
          float value = load_stored(source, (s64)o * in + i, storage);
          words[r] |= int8_bits(value, scale[r], INFINITE) << 8 * j;
        }
      }
    }
    *place(data, first, b, paddedIn) = make_uint4(words[0], words[1], words[2], words[3]);
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) write_int8(
    uint4* data, const s8* source, int out, int in, int paddedIn) {
  int first = blockIdx.x * ROWS;
  for (int b = threadIdx.x; b < paddedIn / 4; b += THREADS) {
    u32 words[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      int o = first + r;
      words[r] = 0;
#pragma unroll
      for (int j = 0; j < 4; j++) {
        int i = 4 * b + j;
        if (o < out && i < in) words[r] |= (u32)(source[(s64)o * in + i] & 0xff) << 8 * j;
      }
    }
    *place(data, first, b, paddedIn) = make_uint4(words[0], words[1], words[2], words[3]);
  }
}

// A block of threads a row.
extern "C" __global__ void read_int8(s8* target, const s8* data, int in, int paddedIn) {
  int o = blockIdx.x;
  for (int i = threadIdx.x; i < in; i += blockDim.x) {
    target[(s64)o * in + i] = data[int8_offset(o, i, paddedIn)];
  }
}

// q[e] = floor(w * 255 / 2^32) - 127, w word e % 4 at counter (e / 4, 2, 0), e = o * in + i.
extern "C" __global__ void random_int8(
    uint4* data, float* absmax, int out, int in, int paddedIn, float magnitude, u64 key) {
  int first = blockIdx.x * ROWS;
  if (threadIdx.x < ROWS && first + threadIdx.x < out) absmax[first + threadIdx.x] = magnitude;
  for (int b = threadIdx.x; b < paddedIn / 4; b += blockDim.x) {
    u32 words[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      int o = first + r;
      words[r] = 0;
      uint4 drawn = make_uint4(0, 0, 0, 0);
#pragma unroll
      for (int j = 0; j < 4; j++) {
        int i = 4 * b + j;
        if (o < out && i < in) {
          u64 e = (u64)o * in + i;
          if (j == 0 || e % 4 == 0) drawn = philox(key, (u32)(e / 4), (u32)(e / 4 >> 32), 2, 0);
          int q = (int)__umulhi(philox_word(drawn, (int)(e % 4)), 255) - 127;
          words[r] |= (q & 0xff) << 8 * j;
        }
      }
    }
    *place(data, first, b, paddedIn) = make_uint4(words[0], words[1], words[2], words[3]);
  }
}
