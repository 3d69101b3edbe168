package dev.cantilever.batch;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Concatenates the ids of a shard's documents and cuts them into rows; holds at most one row.
 *
 * <p>Source: the {@code group_texts} of trl's {@code clm_finetune_peft_imdb.py}, where a map batch
 * of 1,000 documents is what a shard is here; targets are the same ids, shifted by the loss.
 *
 * <p>One per shard, fed in the shard's order by one thread: {@link #add} each document, then {@link
 * #finish} once.
 */
public final class TokenPacker {

  private final PackingSpec spec;
  private final int[] block; // [blockSize]
  private int filled;
  private boolean finished;
  private long documents;
  private long tokensIn;
  private long separators;
  private long rows;
  private long tokensOut;

  /**
   * A packer for one shard.
   *
   * @param spec how to pack
   */
  public TokenPacker(PackingSpec spec) {
    this.spec = spec;
    this.block = new int[spec.blockSize()];
  }

  /**
   * Takes a document.
   *
   * @param tokens its ids; unchanged. A document without ids changes nothing
   * @param sink takes each row that is full, a new array of {@code blockSize} ids
   * @throws IllegalStateException after {@link #finish}
   */
  public void add(int[] tokens, Consumer<? super int[]> sink) {
    requireUnfinished();
    if (tokens.length == 0) {
      return;
    }
    if (documents > 0 && spec.separator() instanceof Separator.Token separator) {
      separators++;
      append(new int[] {separator.id()}, sink);
    }
    documents++;
    tokensIn += tokens.length;
    append(tokens, sink);
  }

  /**
   * Ends the shard.
   *
   * @param sink takes the last, short row, if there is one
   * @return what was packed
   * @throws IllegalStateException after an earlier call
   */
  public PackingTally finish(Consumer<? super int[]> sink) {
    requireUnfinished();
    finished = true;
    boolean wanted = spec.remainder() == Remainder.KEEP || rows == 0;
    if (wanted && filled >= 2) {
      emit(sink);
    }
    return new PackingTally(documents, tokensIn, separators, rows, tokensOut);
  }

  private void append(int[] tokens, Consumer<? super int[]> sink) {
    int taken = 0;
    while (taken < tokens.length) {
      int part = Math.min(tokens.length - taken, block.length - filled);
      System.arraycopy(tokens, taken, block, filled, part);
      taken += part;
      filled += part;
      if (filled == block.length) {
        emit(sink);
      }
    }
  }

  private void emit(Consumer<? super int[]> sink) {
    rows++;
    tokensOut += filled;
    int[] row = Arrays.copyOf(block, filled);
    filled = 0;
    sink.accept(row);
  }

  private void requireUnfinished() {
    if (finished) {
      throw new IllegalStateException(
          "Expected a packer in use, found one that was finished; make one per shard.");
    }
  }
}
