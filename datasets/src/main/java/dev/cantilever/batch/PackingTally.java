package dev.cantilever.batch;

import java.io.Serializable;

/**
 * What a packer did with a shard.
 *
 * @param documents documents with at least one id
 * @param tokensIn their ids
 * @param separators ids put between them
 * @param rows rows made
 * @param tokensOut ids in those rows
 */
public record PackingTally(
    long documents, long tokensIn, long separators, long rows, long tokensOut)
    implements Serializable {

  /**
   * Ids, separators included, that were left out at the end.
   *
   * @return the count
   */
  public long tokensLeftOut() {
    return tokensIn + separators - tokensOut;
  }

  /**
   * The sum over two shards.
   *
   * @param other another shard's
   * @return both together
   */
  public PackingTally plus(PackingTally other) {
    return new PackingTally(
        documents + other.documents,
        tokensIn + other.tokensIn,
        separators + other.separators,
        rows + other.rows,
        tokensOut + other.tokensOut);
  }
}
