package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Capabilities;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import java.util.Set;

/**
 * The numbers by which a GPU's memory is planned, the same that the backend itself goes by; no
 * driver is touched.
 */
public final class CudaProfile {

  /** Alignment of device memory. */
  public static final long ALIGNMENT = Reservation.ALIGNMENT;

  /** Arenas lie in one reservation of the card's memory. */
  public static final boolean ONE_RESERVATION = true;

  /** Scratch of operations: rounded inputs, partial sums, a chunk of logits, rotary positions. */
  public static final long WORKSPACE_BYTES = 96L << 20;

  /**
   * What the driver counts as this process's beside all arenas: the context, the modules of the
   * kernels, and the graphs of decoding steps. On an H100 under driver 580 the first two were 526
   * MiB with every kernel loaded, and each of eight graphs of 1,200 launches 5 MiB; the rest is for
   * other cards and drivers.
   */
  public static final long CONTEXT_BYTES = 584L << 20;

  private CudaProfile() {}

  /**
   * What the backend declares.
   *
   * @param matrixInputs BF16 or F32
   */
  public static Capabilities capabilities(DType matrixInputs) {
    return new Capabilities(
        Set.of(DType.F32, DType.F16, DType.BF16),
        Set.of(Int8Mode.values()),
        matrixInputs,
        matrixInputs);
  }

  /** Bytes of an int8 weight. */
  public static long int8Bytes(int outFeatures, int inFeatures) {
    return Int8Layout.bytes(outFeatures, inFeatures);
  }
}
