// Kernels brought onto the card before the one in front of them is done (CUDA C++ Programming Guide,
// programmatic dependent launch; LaunchBuffer.early), from compute capability 9.0.

// Lets the next kernel be brought onto the card, if it is launched early; any other waits all the same.
static __device__ __forceinline__ void let_next_kernel_begin() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}

// Waits until the kernels launched before are done and what they wrote can be read.
static __device__ __forceinline__ void await_kernels_before() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
