package dev.cantilever.backend.cuda.driver;

import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.global.cudart;

/** A kernel loaded on a device. */
public final class Kernel {

  /*
   * A multiprocessor divides its memory between cache and shared memory as the kernel on it prefers,
   * and kernels that prefer otherwise wait for it to be empty. All kernels prefer what products
   * need, so that those of another branch run beside them.
   */

  /** Percentage of a multiprocessor's memory that is shared memory. */
  private static final int CARVEOUT = 100;

  /** Shared memory a block may have without being asked for. */
  private static final int DEFAULT_SHARED_BYTES = 48 << 10;

  private final String name;
  private final CUfunc_st function;
  private final LaunchBuffer buffer;
  private int sharedBytes = DEFAULT_SHARED_BYTES;

  Kernel(String name, CUfunc_st function, LaunchBuffer buffer) {
    this.name = name;
    this.function = function;
    this.buffer = buffer;
    CudaStatus.check(
        cudart.cuFuncSetAttribute(
            function, cudart.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, CARVEOUT),
        "give " + name + " the shared memory of a multiprocessor");
  }

  /** Begins a launch; arguments follow in the order of the kernel's parameters. */
  public LaunchBuffer with() {
    return buffer.begin(this);
  }

  String name() {
    return name;
  }

  CUfunc_st function() {
    return function;
  }

  /** Raises the limit of dynamic shared memory where a launch needs more than is given freely. */
  void allowShared(int bytes) {
    if (bytes > sharedBytes) {
      CudaStatus.check(
          cudart.cuFuncSetAttribute(
              function, cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
          "give " + name + " " + bytes + " bytes of shared memory");
      sharedBytes = bytes;
    }
  }
}
