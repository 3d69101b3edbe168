/**
 * Documents to rows of equal length, for supervised fine-tuning.
 *
 * <p>Enter by {@link dev.cantilever.batch.TokenPacker}, one per shard, with a {@link
 * dev.cantilever.batch.PackingSpec}. Used by the preparation stage.
 *
 * <p>Invariant: the rows, in order, are the documents' ids, in order, with nothing between but the
 * separator that was asked for; what is left out at the end of a shard is counted. No padding
 * exists.
 *
 * <p>Not here: the tokenizer, and batches in memory, which are Arrow's.
 */
@NullMarked
package dev.cantilever.batch;

import org.jspecify.annotations.NullMarked;
