// What every kernel file includes: types, 16-bit conversions, sums of fixed order, Philox, faults.
// No CUDA header is needed; 16-bit values are unsigned shorts.

typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define STORAGE_F32 0
#define STORAGE_F16 1
#define STORAGE_BF16 2

#define WARP 32
#define FULL_WARP 0xffffffffu

// An address in shared memory as instructions take it.
static __device__ __forceinline__ u32 shared_address(const void* p) {
  return (u32)__cvta_generic_to_shared(p);
}

// ---- 16-bit floats -------------------------------------------------------------------------

static __device__ __forceinline__ float half_to_float(u16 h) {
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h));
  return f;
}

static __device__ __forceinline__ u16 float_to_half(float f) {  // nearest, ties to even
  u16 h;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f));
  return h;
}

static __device__ __forceinline__ float bfloat_to_float(u16 b) {
  return __uint_as_float((u32)b << 16);
}

static __device__ __forceinline__ u16 float_to_bfloat(float f) {  // nearest, ties to even
  u16 b;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(b) : "f"(f));
  return b;
}

// Two bfloats in one word, the first in the low half.
static __device__ __forceinline__ u32 pack_bfloats(float low, float high) {
  u32 word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

// An element of a tensor of any storage type; the code is uniform over the grid.
static __device__ __forceinline__ float load_stored(const void* base, s64 index, int storage) {
  if (storage == STORAGE_F32) return ((const float*)base)[index];
  u16 bits = ((const u16*)base)[index];
  return storage == STORAGE_F16 ? half_to_float(bits) : bfloat_to_float(bits);
}

static __device__ __forceinline__ void store_stored(void* base, s64 index, int storage, float value) {
  if (storage == STORAGE_F32) {
    ((float*)base)[index] = value;
  } else {
    ((u16*)base)[index] = storage == STORAGE_F16 ? float_to_half(value) : float_to_bfloat(value);
  }
}

// ---- four elements at a time -----------------------------------------------------------------

struct quad {
  float e[4];
};

// Whether rows of `width` elements at these addresses, given by their bitwise or, may be read and
// written four at once.
static __device__ __forceinline__ bool quads_align(u64 addresses, s64 width) {
  return addresses % 16 == 0 && width % 4 == 0;
}

// The elements from `at` on of which `count` are left, zeros behind them; at once where `wide`. Who
// has which element depends neither on `wide` nor on the addresses.
static __device__ __forceinline__ quad load_quad(const float* base, s64 at, s64 count, bool wide) {
  quad q;
  if (wide && count >= 4) {
    float4 v = *(const float4*)(base + at);
    q.e[0] = v.x;
    q.e[1] = v.y;
    q.e[2] = v.z;
    q.e[3] = v.w;
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) q.e[i] = i < count ? base[at + i] : 0.0f;
  }
  return q;
}

static __device__ __forceinline__ quad load_quad(
    const void* base, s64 at, s64 count, bool wide, int storage) {
  if (storage == STORAGE_F32) return load_quad((const float*)base, at, count, wide);
  quad q;
  if (wide && count >= 4) {
    ushort4 v = *(const ushort4*)((const u16*)base + at);
    bool half = storage == STORAGE_F16;
    q.e[0] = half ? half_to_float(v.x) : bfloat_to_float(v.x);
    q.e[1] = half ? half_to_float(v.y) : bfloat_to_float(v.y);
    q.e[2] = half ? half_to_float(v.z) : bfloat_to_float(v.z);
    q.e[3] = half ? half_to_float(v.w) : bfloat_to_float(v.w);
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) q.e[i] = i < count ? load_stored(base, at + i, storage) : 0.0f;
  }
  return q;
}

static __device__ __forceinline__ void store_quad(
    float* base, s64 at, s64 count, bool wide, const quad& q) {
  if (wide && count >= 4) {
    *(float4*)(base + at) = make_float4(q.e[0], q.e[1], q.e[2], q.e[3]);
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (i < count) base[at + i] = q.e[i];
    }
  }
}

static __device__ __forceinline__ void store_quad(
    void* base, s64 at, s64 count, bool wide, int storage, const quad& q) {
  if (storage == STORAGE_F32) {
    store_quad((float*)base, at, count, wide, q);
  } else if (wide && count >= 4) {
    bool half = storage == STORAGE_F16;
    *(ushort4*)((u16*)base + at) = make_ushort4(
        half ? float_to_half(q.e[0]) : float_to_bfloat(q.e[0]),
        half ? float_to_half(q.e[1]) : float_to_bfloat(q.e[1]),
        half ? float_to_half(q.e[2]) : float_to_bfloat(q.e[2]),
        half ? float_to_half(q.e[3]) : float_to_bfloat(q.e[3]));
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (i < count) store_stored(base, at + i, storage, q.e[i]);
    }
  }
}

// ---- sums of fixed order -------------------------------------------------------------------

// Sum over the warp, the same bits in every lane: pairs at distance 16, 8, 4, 2, 1.
static __device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance >>= 1) {
    value += __shfl_xor_sync(FULL_WARP, value, distance);
  }
  return value;
}

static __device__ __forceinline__ double warp_sum(double value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance >>= 1) {
    value += __shfl_xor_sync(FULL_WARP, value, distance);
  }
  return value;
}

static __device__ __forceinline__ float warp_max(float value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance >>= 1) {
    value = fmaxf(value, __shfl_xor_sync(FULL_WARP, value, distance));
  }
  return value;
}

// Sum over the block, the same bits in every thread: warps first, then their sums in order.
// `scratch` holds one value a warp; blockDim.x is a multiple of 32. Ends with a barrier passed.
template <typename T>
static __device__ __forceinline__ T block_sum(T value, T* scratch) {
  value = warp_sum(value);
  __syncthreads();  // scratch may still be read from the sum before
  if (threadIdx.x % WARP == 0) scratch[threadIdx.x / WARP] = value;
  __syncthreads();
  T sum = scratch[0];
  for (int warp = 1; warp < blockDim.x / WARP; warp++) sum += scratch[warp];
  return sum;
}

static __device__ __forceinline__ float block_max(float value, float* scratch) {
  value = warp_max(value);
  __syncthreads();
  if (threadIdx.x % WARP == 0) scratch[threadIdx.x / WARP] = value;
  __syncthreads();
  float most = scratch[0];
  for (int warp = 1; warp < blockDim.x / WARP; warp++) most = fmaxf(most, scratch[warp]);
  return most;
}

// ---- Philox4x32-10 (Salmon et al. 2011), as dev.cantilever.backend.Philox --------------------

static __device__ __forceinline__ uint4 philox(u64 key, u32 c0, u32 c1, u32 c2, u32 c3) {
  u32 k0 = (u32)key;
  u32 k1 = (u32)(key >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    u64 p0 = (u64)0xD2511F53u * c0;
    u64 p1 = (u64)0xCD9E8D57u * c2;
    u32 n0 = (u32)(p1 >> 32) ^ c1 ^ k0;
    u32 n2 = (u32)(p0 >> 32) ^ c3 ^ k1;
    c0 = n0;
    c1 = (u32)p1;
    c2 = n2;
    c3 = (u32)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return make_uint4(c0, c1, c2, c3);
}

static __device__ __forceinline__ u32 philox_word(uint4 words, int which) {
  return which == 0 ? words.x : which == 1 ? words.y : which == 2 ? words.z : words.w;
}

// ---- int8 (see Int8Layout.java; the rounding is backend.onednn.RowQuantizer's) ------------------

#define INFINITE __int_as_float(0x7f800000)

// Offset of element (o, i) of an int8 weight whose rows are padded to `paddedIn`.
static __device__ __forceinline__ s64 int8_offset(u32 o, u32 i, u32 paddedIn) {
  s64 tile = (s64)(o / 32) * (paddedIn / 32) + i / 32;
  return tile * 1024 + (o % 32 / 4 * 8 + i % 32 / 4) * 16 + o % 4 * 4 + i % 4;
}

// What a row of this largest magnitude is multiplied by, or 0 where all of it rounds to zero.
static __device__ __forceinline__ float int8_scale(float absmax) {
  if (absmax == 0) return 0;
  // bitsandbytes divides by a binary16 number with the approximate reciprocal; its ties follow it.
  float reciprocal;
  if (half_to_float(float_to_half(absmax)) == absmax) {
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(reciprocal) : "f"(absmax));
  } else {
    reciprocal = __frcp_rn(absmax);
  }
  float scale = reciprocal * 127.0f;
  return scale == INFINITE ? 0 : scale;
}

// The integer of a value, as the low 8 bits; 0 from the threshold on.
static __device__ __forceinline__ u32 int8_bits(float value, float scale, float threshold) {
  return fabsf(value) < threshold ? __float2int_rn(value * scale) & 0xff : 0;
}

// ---- faults (see Faults.java) ----------------------------------------------------------------

static __device__ __forceinline__ void report_fault(u64* word, int call, int row, u32 value) {
  atomicMin(word, (u64)(u32)call << 56 | (u64)(u32)(row & 0xffffff) << 32 | value);
}

// Whether a kernel has reported a fault: then nothing is read or written by indices any more.
static __device__ __forceinline__ bool faulted(const u64* word) { return *word != ~0ull; }
