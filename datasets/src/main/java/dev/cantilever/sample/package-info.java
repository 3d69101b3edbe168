/**
 * The demo that travels in the jar: a small language model, a small classifier and synthetic
 * reviews, trained and made for this project.
 *
 * <p>Enter by {@link dev.cantilever.sample.EmbeddedSamples#extract}, which puts a {@link
 * dev.cantilever.sample.EmbeddedSample} on disk as an ordinary HF directory or data folder, because
 * every reader in the project reads files. Used by the demo and by tests.
 *
 * <p>Invariant: an extracted folder is either absent or complete, and each file has the size and
 * SHA-256 that {@code samples.sha256} states; the list is part of the jar and a test holds it to
 * the resources.
 *
 * <p>Not here: anything that reads the models.
 */
@NullMarked
package dev.cantilever.sample;

import org.jspecify.annotations.NullMarked;
