/**
 * One definition per record, and the Arrow and Parquet forms that follow from it.
 *
 * <p>Enter by {@link dev.cantilever.codec.Schemas}, the catalogue of definitions, each a {@link
 * dev.cantilever.codec.RecordSchema}: a {@link dev.cantilever.codec.RowType} (a name and ordered
 * columns of a {@link dev.cantilever.codec.ColumnType}), a getter per column and a constructor.
 * Every form is a translation of {@link dev.cantilever.codec.RowValues}, one record taken apart, so
 * that a new column is written in one place.
 *
 * <p>{@link dev.cantilever.codec.ArrowRecords} turns records into an Arrow record batch and back;
 * {@link dev.cantilever.codec.ListColumn} shows such a batch's token columns as addresses, for code
 * that reads or fills them in place; {@link dev.cantilever.codec.ArrowMemory} owns the allocator
 * and fails if it does not end at zero. {@link dev.cantilever.codec.ParquetRecordWriter} and {@link
 * dev.cantilever.codec.ParquetRecordReader} write and read Parquet in the standard three-level list
 * layout, Zstd-compressed, the same bytes for the same rows; {@link
 * dev.cantilever.codec.StagedParquet} is a file that appears whole or not at all.
 *
 * <p>Invariant: record, Arrow, Parquet and back is the identity, to the bit, for every value that a
 * record accepts. Whoever makes a batch closes it.
 *
 * <p>Uses {@code dev.cantilever.row} and nothing else of ours. Beam is not here: read {@code
 * dev.cantilever.beam} next.
 */
@NullMarked
package dev.cantilever.codec;

import org.jspecify.annotations.NullMarked;
