package dev.cantilever.merge;

import dev.cantilever.adapter.MergeTally;
import java.io.Serializable;
import org.apache.beam.sdk.coders.DefaultCoder;
import org.apache.beam.sdk.coders.SerializableCoder;

/**
 * What a merge did.
 *
 * @param tensorsMerged tensors that the adapter was added to
 * @param tensorsCopied tensors whose bytes are the base's
 * @param drift the largest relative difference (Frobenius) between a merged tensor as stored and
 *     base + adapter in double precision: what rounding to the base's type cost
 * @param int8Drift the mean relative difference that quantising the merged tensors to 8-bit rows
 *     would add
 * @param out directory of the result
 */
@DefaultCoder(SerializableCoder.class)
public record MergeSummary(
    int tensorsMerged, int tensorsCopied, double drift, double int8Drift, String out)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  static MergeSummary of(MergeTally tally, String out) {
    return new MergeSummary(
        tally.tensorsMerged(), tally.tensorsCopied(), tally.drift(), tally.int8Drift(), out);
  }
}
