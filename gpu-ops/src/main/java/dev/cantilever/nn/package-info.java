/**
 * Blocks of a transformer, composed from differentiable calls.
 *
 * <p>Enter by {@link dev.cantilever.nn.TransformerBlock}. A block is data: linears, norms, an
 * attention specification and a {@link dev.cantilever.nn.ResidualLayout}; it asks no model its
 * name. Every call takes a {@link dev.cantilever.nn.Pass}: the tape, the packed batch and, in
 * generation, the KV cache. The classes ending in {@code Node} are the operations' forward and
 * backward side by side; beside {@code SpanBranches} and {@code TableLookup}, what adapters add for
 * them, {@link dev.cantilever.nn.HeadRun} and {@link dev.cantilever.nn.KvCache}, whose pages rows
 * of different length take and give back, they are the only classes here that call a backend.
 *
 * <p>Invariant: a {@link dev.cantilever.nn.Linear} owns a frozen weight and any number of {@link
 * dev.cantilever.nn.LoraBranch}es, {@link dev.cantilever.nn.WeightBranch}es and trained biases, a
 * norm its bias and what is added to it, an {@link dev.cantilever.nn.EmbeddingTable} its branches
 * and the tables in its place; which of them act on a row is the batch's {@link
 * dev.cantilever.nn.Span}, never a flag on the layer. So policy and reference share one pass.
 *
 * <p>This package may use {@code autograd} and what lies below. Read {@code dev.cantilever.model}
 * next.
 */
@NullMarked
package dev.cantilever.nn;

import org.jspecify.annotations.NullMarked;
