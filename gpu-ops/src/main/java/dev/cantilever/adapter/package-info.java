/**
 * LoRA adapters on a model, and merging them into a checkpoint.
 *
 * <p>Enter by {@link dev.cantilever.adapter.Adapter}: made fresh or read from a PEFT directory, and
 * attached to the {@link dev.cantilever.adapter.AdapterTargets} a model offers. Several adapters
 * may be attached at once; which of them act on a row is said by the batch ({@link
 * dev.cantilever.nn.Span}), so the reference policy is the same base with fewer of them. {@link
 * dev.cantilever.adapter.AdapterMerger} adds an adapter to a checkpoint, file to file, a tensor at
 * a time on the host, without any model; {@code MergePlan} says what is written where.
 *
 * <p>An adapter is a list of parts, one for what it has of a module ({@code AdapterPart}): a
 * branch, a bias, or the module whole. {@code AdapterParts} makes those that the settings ask for.
 *
 * <p>What peft takes off the base when an adapter begins (PiSSA, OLoRA) is here a second branch
 * that subtracts it, so that the base stays everybody's; such an adapter is saved over the base as
 * it is, with twice the rank. A head's copy that came without its factors says what they were. A
 * trained bias, and a norm or inner linear layer that is held whole, is kept as what it is more
 * than the base's; a head or table of embeddings that is held whole as a copy of the base's type
 * ({@code OwnTensor}). DoRA's norms are computed on the host from products of a few rows ({@code
 * WeightReader}), after every step.
 *
 * <p>Tables of embeddings, of tokens as of positions and types, and heads carry branches where
 * {@code target_modules} names them, also where both are one tensor of the base: each then has its
 * own branch, as in peft. No single tensor holds both sums, so the merged base has a head of its
 * own ({@code UntiedHead}), and a T5 tables of its encoder and decoder ({@code SharedEmbedding}).
 * An adapter of another number of tokens than the base's is refused here, and merged: the merged
 * base then has the adapter's number ({@code ResizedVocabulary}).
 *
 * <p>Invariant: a fresh adapter changes nothing, bit for bit, because B is zero (of a table A),
 * DoRA's lengths are the norms themselves and biases the base's; those of PiSSA, OLoRA and random B
 * are excepted. This package uses {@code nn}, {@code hub} and what lies below.
 */
@NullMarked
package dev.cantilever.adapter;

import org.jspecify.annotations.NullMarked;
