/**
 * What a device can compute: about 25 fused operations in eight families.
 *
 * <p>Enter by {@link dev.cantilever.backend.Backend}. Each family is an interface ({@code NormOps},
 * {@code AttentionOps}, ...) with forward and backward side by side; implementations are {@code
 * onednn} (CPU), {@code cuda} (an NVIDIA GPU) and {@code meta} (shapes and bytes only). {@link
 * dev.cantilever.backend.Backends} is the one factory and the only class that names an
 * implementation. {@link dev.cantilever.backend.OpChecks}, {@link
 * dev.cantilever.backend.AttentionChecks} and {@link dev.cantilever.backend.LossChecks} state the
 * shapes of every operation once, for all of them.
 *
 * <p>Conventions: outputs first, then inputs, then scalars; the caller allocates outputs; an
 * operation enqueues, {@link dev.cantilever.backend.Backend#synchronize} waits, downloading waits
 * too. What is run again and again on the same tensors is a {@link
 * dev.cantilever.backend.Recording}; what a device may do side by side is a {@link
 * dev.cantilever.backend.Fork}. Backward operations write a gradient, or add to it where {@code
 * accumulate} is true.
 *
 * <p>The reduction contract: the order of every sum may depend on the weight, the direction and the
 * architecture, never on the number of rows, their neighbours, or a timing. A row computed alone
 * has the bits it has in a batch. The single exception is {@link
 * dev.cantilever.tensor.Int8Mode#LLM_INT8}, whose outlier columns are a property of the batch.
 *
 * <p>Models, adapters and training exist once, above this package, and never ask which backend it
 * is. Read {@code dev.cantilever.autograd} next.
 */
@NullMarked
package dev.cantilever.backend;

import org.jspecify.annotations.NullMarked;
