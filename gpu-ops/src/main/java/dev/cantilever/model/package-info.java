/**
 * Models as descriptions, and the few things one does with a model.
 *
 * <p>Enter by {@link dev.cantilever.model.ModelLoader}, which makes a {@link
 * dev.cantilever.model.LanguageModel} or a {@link dev.cantilever.model.SequenceClassifier} of a
 * {@link dev.cantilever.model.WeightSource}: a checkpoint, or a config and a seed. What
 * distinguishes architectures is an {@link dev.cantilever.model.Architecture}, made from {@code
 * config.json} by the {@link dev.cantilever.model.ArchitectureFamily} of its {@code model_type};
 * {@link dev.cantilever.model.Families} is the table of them. A family has no forward method: a new
 * one is a class that fills the record and names the checkpoint's tensors, a row in the table, and
 * a golden fixture.
 *
 * <p>{@link dev.cantilever.model.PolicyModel} is the language model with adapters and value head as
 * RL sees it; {@link dev.cantilever.model.Generator} samples from it over a KV cache, in continuous
 * batches whose rows {@code GenerationSchedule} chooses. An encoder-decoder is a decoder that has
 * an encoder; {@link dev.cantilever.model.ResponseRows} says what each of the two reads.
 *
 * <p>Invariant: nothing here asks which backend computes, and nothing below this package knows a
 * model by name. This package may use {@code nn}, {@code adapter}, {@code hub} and what lies below.
 */
@NullMarked
package dev.cantilever.model;

import org.jspecify.annotations.NullMarked;
