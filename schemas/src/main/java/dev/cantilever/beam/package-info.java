/**
 * Rows inside a Beam pipeline.
 *
 * <p>Enter by {@link dev.cantilever.beam.ArrowBatch}: the immutable element of the collections
 * between GPU stages, a record batch as Arrow IPC bytes, keyed by {@link
 * dev.cantilever.beam.BatchKey}. {@link dev.cantilever.beam.OpenBatch} is one opened for reading.
 * {@link dev.cantilever.beam.ParquetSink} writes records, and {@link
 * dev.cantilever.beam.ParquetBatchSink} batches, through {@code FileIO}; {@link
 * dev.cantilever.beam.ReadRecords} reads them back.
 *
 * <p>Beam does not take Java records for schema types (apache/beam issue 27802). {@link
 * dev.cantilever.beam.RecordRows} translates between a record and a Beam {@code Row}, and {@link
 * dev.cantilever.beam.RecordSchemaProvider} makes every record of the catalogue a schema type of
 * every pipeline by itself, so that coders of such collections are inferred.
 *
 * <p>Invariant: an element never changes, equal elements have equal bytes, and no memory outlives
 * the call that took it. Nothing here computes.
 *
 * <p>Uses {@code dev.cantilever.codec} and {@code dev.cantilever.row}. Used by {@code datasets} and
 * {@code pipelines}.
 */
@NullMarked
package dev.cantilever.beam;

import org.jspecify.annotations.NullMarked;
