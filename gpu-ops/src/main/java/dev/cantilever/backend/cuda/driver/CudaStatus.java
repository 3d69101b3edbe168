package dev.cantilever.backend.cuda.driver;

import dev.cantilever.backend.DeviceException;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/** What a call of the driver returned. */
final class CudaStatus {

  private CudaStatus() {}

  /**
   * Throws unless a call succeeded.
   *
   * @param what what was to be done, as the object of "to", for example {@code "copy 4 bytes"}
   */
  static void check(int status, String what) {
    if (status != cudart.CUDA_SUCCESS) {
      throw new DeviceException(
          "Expected the CUDA device to %s, found %s. If another process uses the card, wait for it; if the error stays, look at the kernel log and restart this process."
              .formatted(what, name(status)));
    }
  }

  /** The driver's name of a status, for example {@code CUDA_ERROR_OUT_OF_MEMORY}. */
  static String name(int status) {
    try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
      if (cudart.cuGetErrorName(status, text) != cudart.CUDA_SUCCESS) {
        return "status " + status;
      }
      return text.get(BytePointer.class, 0).getString();
    }
  }
}
