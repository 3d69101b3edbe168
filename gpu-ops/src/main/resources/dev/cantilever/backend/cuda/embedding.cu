// Rows picked by index.
#include "prelude.cuh"

// Reports the first index outside [0, limit). It runs before the kernels below, which do nothing
// once anything has been reported: so they read and write no row that is not there.
extern "C" __global__ void check_indices(
    const int* ids, s64 count, int limit, u64* faults, int call) {
  s64 stride = (s64)gridDim.x * blockDim.x;
  for (s64 n = (s64)blockIdx.x * blockDim.x + threadIdx.x; n < count; n += stride) {
    if (ids[n] < 0 || ids[n] >= limit) report_fault(faults, call, (int)n, (u32)ids[n]);
  }
}

// Block (row of y, part of the row), four elements a thread.
extern "C" __global__ void gather(
    float* y, const void* table, const int* ids, int c, int storage, int accumulate,
    const u64* faults) {
  int id = ids[blockIdx.x];  // comes while the fault is waited for
  if (faulted(faults)) return;
  int at = 4 * (blockIdx.y * blockDim.x + threadIdx.x);
  if (at >= c) return;
  bool wide = quads_align((u64)y | (u64)table, c);
  s64 target = (s64)blockIdx.x * c;
  quad v = load_quad(table, (s64)id * c + at, c - at, wide, storage);
  if (accumulate) {
    quad present = load_quad(y, target + at, c - at, wide);
#pragma unroll
    for (int i = 0; i < 4; i++) v.e[i] += present.e[i];
  }
  store_quad(y, target + at, c - at, wide, v);
}

// A block an entry of ids. The block of an index's first entry adds the rows of all its entries, in
// ascending order; the others have nothing to do.
extern "C" __global__ void scatter_add(
    float* dx, const float* dy, const int* ids, int count, int c, const u64* faults) {
  __shared__ u32 matches[WARP];  // a bit an entry, a word a warp
  if (faulted(faults)) return;
  int first = blockIdx.x;
  int id = ids[first];
  int earlier = 0;
  for (int m = threadIdx.x; m < first; m += blockDim.x) earlier |= ids[m] == id;
  if (__syncthreads_or(earlier)) return;
  bool wide = quads_align((u64)dx | (u64)dy, c);
  s64 target = (s64)id * c;
  for (int start = first; start < count; start += blockDim.x) {
    int m = start + threadIdx.x;
    bool match = m < count && ids[m] == id;
    u32 mask = __ballot_sync(FULL_WARP, match);
    if (threadIdx.x % WARP == 0) matches[threadIdx.x / WARP] = mask;
    if (__syncthreads_or(match)) {
      for (int at = 4 * threadIdx.x; at < c; at += 4 * blockDim.x) {
        quad sum = load_quad(dx, target + at, c - at, wide);
        for (int warp = 0; warp < blockDim.x / WARP; warp++) {
          for (u32 rest = matches[warp]; rest != 0; rest &= rest - 1) {
            s64 row = start + warp * WARP + __ffs(rest) - 1;
            quad term = load_quad(dy, row * c + at, c - at, wide);
#pragma unroll
            for (int i = 0; i < 4; i++) sum.e[i] += term.e[i];
          }
        }
        store_quad(dx, target + at, c - at, wide, sum);
      }
    }
    __syncthreads();  // before the words are written again
  }
}
