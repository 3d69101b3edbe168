package dev.cantilever.backend.meta;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Capabilities;
import dev.cantilever.tensor.Weight;
import java.util.function.ToLongFunction;

/**
 * What must be known of a device to predict its memory to the byte.
 *
 * @param device name of the device planned for, as its own backend gives it
 * @param alignmentBytes alignment of its memory source; a power of two
 * @param oneReservation whether its chunks lie in one reservation as large as the budget, which a
 *     {@link dev.cantilever.memory.DeviceHeap} hands out; else each is an allocation of its own
 * @param workspaceBytes what its backend reserves as {@code WORKSPACE} when it opens; 0 for none
 * @param capabilities what its backend declares
 * @param int8Layout bytes of its int8 weights, {@link
 *     dev.cantilever.backend.MatmulOps#int8Bytes(int, int)} of its backend
 * @param panelLayout bytes of its weight panels, {@link
 *     dev.cantilever.backend.MatmulOps#panelBytes(Weight)} of its backend
 */
public record DeviceProfile(
    String device,
    long alignmentBytes,
    boolean oneReservation,
    long workspaceBytes,
    Capabilities capabilities,
    Int8Layout int8Layout,
    ToLongFunction<Weight> panelLayout) {

  /** The size of an int8 weight in a device's own layout. */
  @FunctionalInterface
  public interface Int8Layout {

    /** Bytes of a weight [outFeatures, inFeatures]; scales not included. */
    long bytes(int outFeatures, int inFeatures);
  }

  /** The profile of an open device, without its workspace. */
  public static DeviceProfile of(Backend device) {
    return new DeviceProfile(
        device.device(),
        device.budget().alignment(),
        device.budget().oneReservation(),
        0,
        device.capabilities(),
        device.matmul()::int8Bytes,
        device.matmul()::panelBytes);
  }

  /** Checks the numbers. */
  public DeviceProfile {
    if (device.isBlank()) {
      throw new IllegalArgumentException(
          "Expected the name of the device planned for, found a blank one. Give its backend's.");
    }
    if (Long.bitCount(alignmentBytes) != 1 || alignmentBytes < 0) {
      throw new IllegalArgumentException(
          "Expected the alignment of "
              + device
              + " as a power of two, found "
              + alignmentBytes
              + ". Take its memory source's.");
    }
    if (workspaceBytes < 0) {
      throw new IllegalArgumentException(
          "Expected the workspace of "
              + device
              + " as 0 bytes or more, found "
              + workspaceBytes
              + ". Take what its backend reserves when it opens.");
    }
  }
}
