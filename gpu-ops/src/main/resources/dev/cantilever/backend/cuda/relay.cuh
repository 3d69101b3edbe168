// A relay: kernels that run one behind the other beside the second product of product_pair.cu (Relay.java). They
// are launched early (early_launch.cuh) and do not wait for the kernel before to be done, for the driver says that
// of none before the products are. Each counts its blocks that have written all they write, and the blocks of the
// next wait for that count, and for the first product. None of them waits for a block that has no room: a kernel
// begins when all blocks of the one before are on the card or gone.

// Words of a relay, each in a line of its own: who waits for one would hold up those who count at another. Behind
// these two are the counts of the kernels' blocks, in their order.
#define RELAY_LINE 32          // words
#define RELAY_LINES 8
#define RELAY_ARRIVED 0        // blocks that have made the first product; zero between launches
#define RELAY_OPEN RELAY_LINE  // whether all have
#define RELAY_SLEEP 50         // nanoseconds between two looks at a word

// A kernel's place in the relay.
struct Relay {
  const u32* open;    // null for a kernel in none, which waits as any other does
  const u32* before;  // count of the kernel before, or null for the first
  u32 blocks;         // that the kernel before has
  u32* count;         // of its own, or null where none follows

  __device__ __forceinline__ bool present() const { return open != 0; }

  // By one thread, before others of its block read what the kernels of the relay before have written, and the
  // first product has.
  __device__ __forceinline__ void await() const {
    await_word(open, 1);
    if (before != 0) await_word(before, blocks);
  }

  // By all threads of a block, when it has written all.
  __device__ __forceinline__ void done() const {
    if (count == 0) return;
    __syncthreads();
    if (threadIdx.x == 0) {
      asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(count) : "memory");
    }
  }

  static __device__ __forceinline__ void await_word(const u32* word, u32 least) {
    u32 now;
    while (true) {
      asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(now) : "l"(word) : "memory");
      if (now >= least) break;
      asm volatile("nanosleep.u32 %0;" ::"n"(RELAY_SLEEP));
    }
  }
};

// The products' side, by one thread of a block: `begin_relay` by one block before any lets the next kernel begin,
// `first_is_made` by each of the `blocks` that make a part of the first product.
static __device__ __forceinline__ void begin_relay(u32* relay) {
  for (int i = 1; i < RELAY_LINES; i++) relay[i * RELAY_LINE] = 0;
  __threadfence();
}

static __device__ __forceinline__ void first_is_made(u32* relay, u32 blocks) {
  u32 before;
  asm volatile("atom.acq_rel.gpu.global.add.u32 %0, [%1], 1;"
               : "=r"(before)
               : "l"(relay + RELAY_ARRIVED)
               : "memory");
  if (before + 1 < blocks) return;
  relay[RELAY_ARRIVED] = 0;
  asm volatile("st.release.gpu.global.u32 [%0], 1;" ::"l"(relay + RELAY_OPEN) : "memory");
}
