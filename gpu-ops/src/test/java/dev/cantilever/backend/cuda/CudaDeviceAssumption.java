package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backends;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips a test where there is no device, before anything of the test is set up. Not a condition on
 * the class, which would be reported as one thing skipped, however many tests it holds. Where there
 * is one it stays open until the last test, which spares all others the making of its context.
 */
final class CudaDeviceAssumption implements BeforeEachCallback {

  @Override
  public void beforeEach(ExtensionContext context) {
    Assumptions.assumeTrue(Backends.cudaDevices() > 0, "no CUDA device");
    context
        .getRoot()
        .getStore(ExtensionContext.Namespace.create(CudaDeviceAssumption.class))
        .getOrComputeIfAbsent(CudaDevice.class, key -> CudaDevice.open(0));
  }
}
