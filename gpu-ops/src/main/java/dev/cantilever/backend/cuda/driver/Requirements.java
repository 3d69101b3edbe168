package dev.cantilever.backend.cuda.driver;

import dev.cantilever.backend.DeviceException;
import org.bytedeco.cuda.global.cudart;

/** What a driver and a card must be; each throws a {@link DeviceException} where one is not. */
final class Requirements {

  private static final int VERSION_MAJOR = 1000;
  private static final int VERSION_MINOR = 10;

  private Requirements() {}

  /**
   * A driver that runs what this is compiled for.
   *
   * @param version as the driver tells it, for example 13,010 for CUDA 13.1
   */
  static void driver(int version) {
    if (version / VERSION_MAJOR < KernelCompiler.CUDA_MAJOR) {
      throw new DeviceException(
          "Expected a driver for CUDA %d or later, found one for CUDA %d.%d. Update the NVIDIA driver, or use --backend cpu."
              .formatted(
                  KernelCompiler.CUDA_MAJOR,
                  version / VERSION_MAJOR,
                  version % VERSION_MAJOR / VERSION_MINOR));
    }
  }

  /** A card that kernels are written for. */
  static void card(String name, ComputeCapability capability) {
    if (capability.compareTo(ComputeCapability.OLDEST) < 0) {
      throw new DeviceException(
          "Expected a GPU of compute capability %s or later, found %s of %s. Use another card (CUDA_VISIBLE_DEVICES chooses), or --backend cpu."
              .formatted(ComputeCapability.OLDEST, name, capability));
    }
  }

  /**
   * A card that lets this process in.
   *
   * @param status what making a context returned
   */
  static void context(int status, String name) {
    switch (status) {
      case cudart.CUDA_ERROR_DEVICE_UNAVAILABLE ->
          throw new DeviceException(
              "Expected to open %s, found it held by another process alone (CUDA_ERROR_DEVICE_UNAVAILABLE). Wait until that has ended (nvidia-smi names it), or let several in: nvidia-smi --compute-mode=DEFAULT."
                  .formatted(name));
      case cudart.CUDA_ERROR_OUT_OF_MEMORY ->
          throw new DeviceException(
              "Expected room for a context on %s, found its memory full (CUDA_ERROR_OUT_OF_MEMORY). End what else uses the card (nvidia-smi names it), or use another (CUDA_VISIBLE_DEVICES chooses)."
                  .formatted(name));
      default -> CudaStatus.check(status, "make a context on " + name);
    }
  }
}
