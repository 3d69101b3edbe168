package dev.cantilever.batch;

/** What becomes of the ids at the end of a shard that do not fill a row. */
public enum Remainder {
  /** They become a short row, unless there is only one: a row of one id has nothing to predict. */
  KEEP,
  /**
   * They are left out, unless the shard filled no row at all: then they become its one short row,
   * as in the packing of trl's {@code clm_finetune_peft_imdb.py}. A single id is left out even
   * then.
   */
  DROP
}
