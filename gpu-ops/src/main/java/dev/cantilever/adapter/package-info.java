/**
 * LoRA adapters on a model, and merging them into a checkpoint.
 *
 * <p>Enter by {@link dev.cantilever.adapter.Adapter}: made fresh or read from a PEFT directory, and
 * attached to the {@link dev.cantilever.adapter.LoraTarget}s a model offers. Several adapters may
 * be attached at once; which of them act on a row is said by the batch ({@link
 * dev.cantilever.nn.Span}), so the reference policy is the same base with fewer of them. {@link
 * dev.cantilever.adapter.AdapterMerger} adds an adapter to a checkpoint, file to file, a tensor at
 * a time on the host, without any model.
 *
 * <p>Invariant: a fresh adapter changes nothing, bit for bit, because B is zero. This package uses
 * {@code nn}, {@code hub} and what lies below.
 */
@NullMarked
package dev.cantilever.adapter;

import org.jspecify.annotations.NullMarked;
