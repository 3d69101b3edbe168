package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Capabilities;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Weight;
import java.util.Set;

/** The numbers by which the CPU's memory is planned, the same that the backend itself goes by. */
public final class OneDnnProfile {

  /** Alignment of host memory. */
  public static final long ALIGNMENT = HostMemory.ALIGNMENT;

  /** Scratch of operations: a chunk of logits, a matrix being converted. */
  public static final long WORKSPACE_BYTES = 32L << 20;

  /** What the backend declares. */
  public static final Capabilities CAPABILITIES =
      new Capabilities(
          Set.of(DType.F32, DType.F16, DType.BF16),
          Set.of(Int8Mode.values()),
          DType.F32,
          DType.F32);

  private OneDnnProfile() {}

  /** Bytes of an int8 weight: row by row. */
  public static long int8Bytes(int outFeatures, int inFeatures) {
    return (long) outFeatures * inFeatures;
  }

  /** Bytes of a weight's panel: unpacked for the product, and for its input gradient. */
  public static long panelBytes(Weight w) {
    return MatrixProduct.packedForwardBytes(w.outFeatures(), w.inFeatures())
        + MatrixProduct.packedGradientBytes(w.outFeatures(), w.inFeatures());
  }
}
