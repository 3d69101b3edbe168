package dev.cantilever.backend;

import dev.cantilever.backend.cuda.CudaBackend;
import dev.cantilever.backend.cuda.driver.CudaInstallation;
import dev.cantilever.backend.meta.DeviceProfile;
import dev.cantilever.backend.meta.MetaBackend;
import dev.cantilever.backend.onednn.OneDnnBackend;
import dev.cantilever.tensor.DType;

/** The one factory of backends, and the only class that names an implementation. */
public final class Backends {

  /** Scratch of the CPU's operations: a chunk of logits, a matrix being converted. */
  private static final long CPU_WORKSPACE_BYTES = 32L << 20;

  /** Scratch of a GPU's operations: rounded inputs, partial sums, a chunk of logits. */
  private static final long CUDA_WORKSPACE_BYTES = 96L << 20;

  private Backends() {}

  /**
   * Opens a device; the caller closes it.
   *
   * @param kind which device
   * @param budgetBytes hard ceiling of everything allocated on it
   * @throws DeviceException if the device is not there
   */
  public static Backend open(BackendKind kind, long budgetBytes) {
    return switch (kind) {
      case CPU -> cpu(budgetBytes, Runtime.getRuntime().availableProcessors());
      case CUDA -> cuda(budgetBytes, DType.BF16);
    };
  }

  /** Number of CUDA devices that can be used; 0 without a driver. Never throws. */
  public static int cudaDevices() {
    return CudaInstallation.devices();
  }

  /**
   * Opens the first CUDA device.
   *
   * @param budgetBytes hard ceiling of what this process takes of the device
   * @param matrixInputs BF16, or F32 for products of full precision, see {@link
   *     Capabilities#matrixInputs}; the KV cache has the same type
   * @throws DeviceException if there is no device, or it cannot be used
   */
  public static Backend cuda(long budgetBytes, DType matrixInputs) {
    return CudaBackend.create(budgetBytes, CUDA_WORKSPACE_BYTES, matrixInputs);
  }

  /**
   * Opens a device of shapes and bytes only that lays weights out as an open device does, without
   * its workspace and under no budget: for the sizes of what will be put there. The caller closes
   * it before the device.
   */
  public static Backend planned(Backend device) {
    return MetaBackend.create(DeviceProfile.of(device), Long.MAX_VALUE);
  }

  /**
   * Opens the CPU with a given number of threads, which changes no result.
   *
   * @param threads how many compute
   */
  public static Backend cpu(long budgetBytes, int threads) {
    return OneDnnBackend.create(budgetBytes, threads, CPU_WORKSPACE_BYTES);
  }
}
