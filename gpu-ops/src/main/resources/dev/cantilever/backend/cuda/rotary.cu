// The turns of rotary embedding that the kernels of attention read.
#include "prelude.cuh"
#include "attention.cuh"

// turns [positions, half]: cosine and sine of each position and frequency.
extern "C" __global__ void rotary_table(
    float2* turns, int positions, int half, const __grid_constant__ Rotary rotary) {
  int e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e < positions * half) turns[e] = rotary_turn(e / half, e % half, rotary);
}
