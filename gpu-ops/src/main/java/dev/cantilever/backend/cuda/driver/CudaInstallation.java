package dev.cantilever.backend.cuda.driver;

import dev.cantilever.backend.DeviceException;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;

/** What this machine has of CUDA: driver, runtime library, devices. */
public final class CudaInstallation {

  private static final int VERSION_MAJOR = 1000;

  private CudaInstallation() {}

  /** Number of devices that can be used; 0 where there is no driver. Never throws. */
  public static int devices() {
    try {
      return requireDriver();
    } catch (DeviceException e) {
      return 0;
    }
  }

  /**
   * Loads and initialises the driver.
   *
   * @return number of devices, at least 1
   * @throws DeviceException naming what is missing
   */
  static int requireDriver() {
    try {
      Loader.load(cudart.class);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      throw new DeviceException(
          "Expected an NVIDIA driver (libcuda.so.1) and the runtime library of CUDA %d (libcudart.so.%d), but: %s. Install what is missing and put the folder of libcudart.so.%d in LD_LIBRARY_PATH, or use --backend cpu."
              .formatted(
                  KernelCompiler.CUDA_MAJOR,
                  KernelCompiler.CUDA_MAJOR,
                  firstLine(e),
                  KernelCompiler.CUDA_MAJOR));
    }
    int status = cudart.cuInit(0);
    if (status != cudart.CUDA_SUCCESS) {
      throw new DeviceException(
          "Expected a CUDA driver with a device, found %s. Check nvidia-smi, or use --backend cpu."
              .formatted(CudaStatus.name(status)));
    }
    int[] version = new int[1];
    CudaStatus.check(cudart.cuDriverGetVersion(version), "tell the driver's version");
    if (version[0] / VERSION_MAJOR < KernelCompiler.CUDA_MAJOR) {
      throw new DeviceException(
          "Expected a driver for CUDA %d or later, found one for CUDA %d.%d. Update the NVIDIA driver, or use --backend cpu."
              .formatted(
                  KernelCompiler.CUDA_MAJOR,
                  version[0] / VERSION_MAJOR,
                  version[0] % VERSION_MAJOR / 10));
    }
    int[] count = new int[1];
    CudaStatus.check(cudart.cuDeviceGetCount(count), "count the devices");
    if (count[0] == 0) {
      throw new DeviceException(
          "Expected a CUDA device, found a driver without any. Check nvidia-smi and CUDA_VISIBLE_DEVICES, or use --backend cpu.");
    }
    return count[0];
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
