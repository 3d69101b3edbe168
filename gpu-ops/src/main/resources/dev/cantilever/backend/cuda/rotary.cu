// The turns of rotary embedding that the kernels of attention read.
#include "prelude.cuh"
#include "attention.cuh"

// turns [positions, half]: cosine and sine of each position and frequency.
extern "C" __global__ void rotary_table(float2* turns, int positions, int half, double theta) {
  int e = blockIdx.x * blockDim.x + threadIdx.x;
  if (e < positions * half) turns[e] = rotary_turn(e / half, e % half, half, theta);
}
