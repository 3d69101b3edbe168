package dev.cantilever.batch;

import dev.cantilever.text.DatasetException;
import java.io.Serializable;

/**
 * How documents are packed.
 *
 * @param blockSize ids per row, at least 2
 * @param separator what stands between documents
 * @param remainder what becomes of a shard's last ids
 */
public record PackingSpec(int blockSize, Separator separator, Remainder remainder)
    implements Serializable {

  /** The block size of the sentiment script. */
  private static final int SCRIPT_BLOCK_SIZE = 1024;

  /** Checks the size. */
  public PackingSpec {
    if (blockSize < 2) {
      throw new DatasetException(
          "block_size",
          "at least 2 tokens, one to see and one to predict",
          Integer.toString(blockSize),
          "Raise block_size");
    }
  }

  /**
   * The packing of trl's sentiment script: 1024 ids, nothing between, remainder dropped.
   *
   * @return the spec
   */
  public static PackingSpec ofSentimentScript() {
    return new PackingSpec(SCRIPT_BLOCK_SIZE, new Separator.Nothing(), Remainder.DROP);
  }

  /**
   * The same packing with rows of another length.
   *
   * @param newBlockSize ids per row
   * @return a copy
   */
  public PackingSpec withBlockSize(int newBlockSize) {
    return new PackingSpec(newBlockSize, separator, remainder);
  }
}
