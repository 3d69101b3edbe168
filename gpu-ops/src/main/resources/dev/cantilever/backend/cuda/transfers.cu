// Conversions between storage types, and random fills.
#include "prelude.cuh"

extern "C" __global__ void convert(
    void* target, const void* source, s64 count, int targetStorage, int sourceStorage) {
  s64 stride = (s64)gridDim.x * blockDim.x;
  for (s64 i = (s64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
    store_stored(target, i, targetStorage, load_stored(source, i, sourceStorage));
  }
}

// target[e] = bound * (2u - 1), u of the upper 24 bits of word e % 4 at counter (e / 4, 3, 0).
extern "C" __global__ void fill_uniform(void* target, s64 count, int storage, float bound, u64 key) {
  s64 stride = (s64)gridDim.x * blockDim.x;
  for (s64 e = (s64)blockIdx.x * blockDim.x + threadIdx.x; e < count; e += stride) {
    u64 group = (u64)e / 4;
    u32 word = philox_word(philox(key, (u32)group, (u32)(group >> 32), 3, 0), (int)(e % 4));
    float unit = 2.0f * ((float)(word >> 8) * 0x1p-24f) - 1.0f;
    store_stored(target, e, storage, bound * unit);
  }
}
