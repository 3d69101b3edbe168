/**
 * Supervised fine-tuning: a LoRA adapter learned from packed rows of tokens over a frozen 8-bit
 * base.
 *
 * <p>Enter by {@link dev.cantilever.finetune.FineTunePipeline#run}, or by {@link
 * dev.cantilever.finetune.FineTune}, the transform from the path of the data's manifest to a {@link
 * dev.cantilever.finetune.FineTuneSummary}. {@link dev.cantilever.finetune.FineTuneSpec} is the
 * recipe's section {@code sft}.
 *
 * <p>Where it runs: {@code TokenShardsFn} checks the manifest's files and names the shards; Beam
 * reads them, each on any worker, and a GroupByKey under one key brings all rows to one. There
 * {@code FineTuneFn} sorts them by their ids, takes the device, trains ({@code FineTuning}) and
 * publishes the adapter, gives the device back and emits. The rows of all shards are in the memory
 * of that worker.
 *
 * <p>The result is a directory in PEFT layout and in it {@code training.json}: the summary, and a
 * digest of rows and settings. It appears whole or not at all; a retry that finds it there with the
 * same digest emits its summary, with another refuses. Without adapter dropout the bytes of the
 * adapter depend neither on shards, bundles, nor on how many rows go through the model at once;
 * with dropout rows go one by one, because masks are drawn by an element's place in its pass, so
 * they depend on it no more.
 *
 * <p>Invariant: a number that is not finite ends the stage, and nothing is published. Not here:
 * making the rows, merging the adapter.
 */
@NullMarked
package dev.cantilever.finetune;

import org.jspecify.annotations.NullMarked;
