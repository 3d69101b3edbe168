package dev.cantilever.adapter;

import java.io.Serializable;

/**
 * What merging did to a part of a checkpoint, or to all of it.
 *
 * @param tensorsMerged tensors that an adapter was added to
 * @param tensorsCopied tensors that are the base's, or that the adapter holds whole
 * @param drift what storing cost: the largest, over merged tensors, of ‖stored − exact‖ / ‖exact‖
 *     (Frobenius), exact being base + scale·B·A in double precision
 * @param int8DriftSum the sum, over merged tensors, of what quantising the stored tensor to 8-bit
 *     rows would cost: ‖dequantised − stored‖ / ‖stored‖
 */
public record MergeTally(int tensorsMerged, int tensorsCopied, double drift, double int8DriftSum)
    implements Serializable {

  /** Of nothing yet. */
  public static final MergeTally NONE = new MergeTally(0, 0, 0, 0);

  /** Of one tensor that was copied. */
  static MergeTally copied() {
    return new MergeTally(0, 1, 0, 0);
  }

  /** Of one merged tensor. */
  static MergeTally merged(double drift, double int8Drift) {
    return new MergeTally(1, 0, drift, int8Drift);
  }

  /** Of this part followed by another. */
  public MergeTally plus(MergeTally other) {
    return new MergeTally(
        tensorsMerged + other.tensorsMerged,
        tensorsCopied + other.tensorsCopied,
        Math.max(drift, other.drift),
        int8DriftSum + other.int8DriftSum);
  }

  /** The mean over merged tensors of what 8-bit rows would cost; 0 if there are none. */
  public double int8Drift() {
    return tensorsMerged == 0 ? 0 : int8DriftSum / tensorsMerged;
  }
}
