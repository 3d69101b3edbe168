// Warpgroup matrix products of Hopper (PTX ISA, wgmma): 64 x N x 16, A in registers, B in shared memory,
// bf16 in and fp32 sums. The placeholders of an asm statement are literals, hence the lists.

#define P0 "%0, %1, %2, %3"
#define P1 ", %4, %5, %6, %7"
#define P2 ", %8, %9, %10, %11"
#define P3 ", %12, %13, %14, %15"
#define P4 ", %16, %17, %18, %19"
#define P5 ", %20, %21, %22, %23"
#define P6 ", %24, %25, %26, %27"
#define P7 ", %28, %29, %30, %31"
#define P8 ", %32, %33, %34, %35"
#define P9 ", %36, %37, %38, %39"
#define P10 ", %40, %41, %42, %43"
#define P11 ", %44, %45, %46, %47"
#define P12 ", %48, %49, %50, %51"
#define P13 ", %52, %53, %54, %55"
#define P14 ", %56, %57, %58, %59"
#define P15 ", %60, %61, %62, %63"
#define P16 ", %64, %65, %66, %67"
#define P17 ", %68, %69, %70, %71"
#define P18 ", %72, %73, %74, %75"
#define P19 ", %76, %77, %78, %79"

#define SUMS(i) "+f"(c[4 * (i)]), "+f"(c[4 * (i) + 1]), "+f"(c[4 * (i) + 2]), "+f"(c[4 * (i) + 3])
#define P_8 P0
#define SUMS_8 SUMS(0)
#define P_16 P_8 P1
#define SUMS_16 SUMS_8, SUMS(1)
#define P_32 P_16 P2 P3
#define SUMS_32 SUMS_16, SUMS(2), SUMS(3)
#define P_64 P_32 P4 P5 P6 P7
#define SUMS_64 SUMS_32, SUMS(4), SUMS(5), SUMS(6), SUMS(7)
#define P_96 P_64 P8 P9 P10 P11
#define SUMS_96 SUMS_64, SUMS(8), SUMS(9), SUMS(10), SUMS(11)
#define P_128 P_96 P12 P13 P14 P15
#define SUMS_128 SUMS_96, SUMS(12), SUMS(13), SUMS(14), SUMS(15)
#define P_160 P_128 P16 P17 P18 P19
#define SUMS_160 SUMS_128, SUMS(16), SUMS(17), SUMS(18), SUMS(19)

// The operands behind the sums: four registers of A, the descriptor of B, whether to add.
#define WGMMA(N, A0, A1, A2, A3, B, ADD)                                                         \
  template <>                                                                                    \
  __device__ __forceinline__ void wgmma<N>(float c[N / 2], const u32 a[4], u64 b, int add) {     \
    asm volatile(                                                                                \
        "{\n.reg .pred add;\nsetp.ne.s32 add, %" #ADD ", 0;\n"                                   \
        "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" P_##N "}, {%" #A0 ", %" #A1 \
        ", %" #A2 ", %" #A3 "}, %" #B ", add, 1, 1, 0;\n}\n"                                     \
        : SUMS_##N                                                                               \
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add));                         \
  }

// c = or, where `add` is not 0, c += the fragment a [64, 16] times the operand b [16, N], enqueued; `a` and
// `c` stay untouched until a wait. Rows 16 * (warp % 4) + g and + 8 of A, g = lane / 4, and of c:
// c[4 * j + {0, 1}] and {2, 3} are the columns 8 * j + 2 * (lane % 4) + {0, 1}.
template <int N>
static __device__ __forceinline__ void wgmma(float c[N / 2], const u32 a[4], u64 b, int add);

WGMMA(8, 4, 5, 6, 7, 8, 9)
WGMMA(16, 8, 9, 10, 11, 12, 13)
WGMMA(32, 16, 17, 18, 19, 20, 21)
WGMMA(64, 32, 33, 34, 35, 36, 37)
WGMMA(96, 48, 49, 50, 51, 52, 53)
WGMMA(128, 64, 65, 66, 67, 68, 69)
WGMMA(160, 80, 81, 82, 83, 84, 85)

// Orders the registers written so far before the products that read them.
static __device__ __forceinline__ void wgmma_fence() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

static __device__ __forceinline__ void wgmma_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

// Waits until at most `PENDING` of the committed groups are not done.
template <int PENDING>
static __device__ __forceinline__ void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(PENDING) : "memory");
}

// B as 8 x 8 pieces of 128 consecutive bytes without swizzle: `inner` bytes from a piece to the next along
// the inner dimension, `outer` to the next along N.
static __device__ __forceinline__ u64 wgmma_operand(u32 address, u32 inner, u32 outer) {
  return (u64)(address >> 4) | (u64)(inner >> 4) << 16 | (u64)(outer >> 4) << 32;
}
