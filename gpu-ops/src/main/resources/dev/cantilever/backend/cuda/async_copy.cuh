// Asynchronous copies by threads from global to shared memory, in groups (PTX ISA, cp.async).

// Begins to copy BYTES, 16 or 4, to shared memory, or zeros where there are none to copy.
template <int BYTES>
static __device__ __forceinline__ void begin_copy(void* to, const void* from, bool present) {
  int size = present ? BYTES : 0;
  if (BYTES == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
                 "r"(size)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(to)), "l"(from),
                 "r"(size)
                 : "memory");
  }
}

static __device__ __forceinline__ void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

// Awaits all copies but those of the last COUNT commits.
template <int COUNT>
static __device__ __forceinline__ void await_copies_before() {
  asm volatile("cp.async.wait_group %0;" ::"n"(COUNT) : "memory");
}
