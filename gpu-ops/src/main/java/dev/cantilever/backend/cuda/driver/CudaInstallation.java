package dev.cantilever.backend.cuda.driver;

import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.IntByReference;
import dev.cantilever.backend.DeviceException;
import java.util.stream.Collectors;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Loader;

/** What this machine has of CUDA: driver, runtime library, devices. */
public final class CudaInstallation {

  private static final String DRIVER = "libcuda.so.1";
  private static final String RUNTIME = "libcudart.so.";
  private static final int OLDEST_RUNTIME = 11;

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
    Requirements.driver(driverVersion());
    loadPresets();
    int status = cudart.cuInit(0);
    if (status != cudart.CUDA_SUCCESS) {
      throw new DeviceException(
          "Expected a CUDA driver with a device, found %s. Check nvidia-smi and CUDA_VISIBLE_DEVICES, or use --backend cpu."
              .formatted(CudaStatus.name(status)));
    }
    int[] count = new int[1];
    CudaStatus.check(cudart.cuDeviceGetCount(count), "count the devices");
    if (count[0] == 0) {
      throw new DeviceException(
          "Expected a CUDA device, found a driver without any. Check nvidia-smi and CUDA_VISIBLE_DEVICES, or use --backend cpu.");
    }
    return count[0];
  }

  /*
   * Asked of the driver itself: the presets' library may not even load over one that is too old, nor
   * would it say which of the two libraries it needs is missing.
   */
  private static int driverVersion() {
    NativeLibrary driver;
    try {
      driver = NativeLibrary.getInstance(DRIVER);
    } catch (UnsatisfiedLinkError e) {
      throw new DeviceException(
          "Expected an NVIDIA driver for CUDA %d or later (%s), found none: %s. Install it, or use --backend cpu."
              .formatted(KernelCompiler.CUDA_MAJOR, DRIVER, reason(e)));
    }
    IntByReference version = new IntByReference();
    int status = driver.getFunction("cuDriverGetVersion").invokeInt(new Object[] {version});
    if (status != cudart.CUDA_SUCCESS) {
      throw new DeviceException(
          "Expected the NVIDIA driver to tell its version, found status %d. Check nvidia-smi, or use --backend cpu."
              .formatted(status));
    }
    return version.getValue();
  }

  private static void loadPresets() {
    try {
      Loader.load(cudart.class);
    } catch (LinkageError e) {
      throw new DeviceException(
          "Expected the runtime library of CUDA %d (%s%d), found %s. Install the CUDA %d runtime and put its folder in LD_LIBRARY_PATH, or use --backend cpu."
              .formatted(
                  KernelCompiler.CUDA_MAJOR,
                  RUNTIME,
                  KernelCompiler.CUDA_MAJOR,
                  runtimeInstead(e),
                  KernelCompiler.CUDA_MAJOR));
    }
  }

  /** The library of another major version, or what the loader said. */
  private static String runtimeInstead(LinkageError failure) {
    for (int major = KernelCompiler.CUDA_MAJOR - 1; major >= OLDEST_RUNTIME; major--) {
      try {
        NativeLibrary.getInstance(RUNTIME + major).close();
        return "that of CUDA " + major + " (" + RUNTIME + major + ")";
      } catch (UnsatisfiedLinkError e) {
        continue;
      }
    }
    return "none: " + reason(failure);
  }

  /** What the operating system's loader said, without where else it was looked. */
  private static String reason(Throwable failure) {
    Throwable innermost = failure;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    return String.valueOf(innermost.getMessage()).lines().limit(2).collect(Collectors.joining(" "));
  }
}
