package dev.cantilever.merge;

import dev.cantilever.adapter.MergeTally;
import java.io.Serializable;
import org.apache.beam.sdk.coders.DefaultCoder;
import org.apache.beam.sdk.coders.SerializableCoder;

/**
 * A weight file that has been written aside.
 *
 * @param shard its name
 * @param tally what was done to its tensors
 */
@DefaultCoder(SerializableCoder.class)
record ShardTally(String shard, MergeTally tally) implements Serializable {
  private static final long serialVersionUID = 1L;
}
