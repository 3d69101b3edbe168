/**
 * Text in: files of many shapes become a stream of documents, and nothing that could not be read is
 * lost silently.
 *
 * <p>Enter by {@link dev.cantilever.text.TextSource}: it names a file or folder and its format
 * (stated, or detected from names and first bytes), and lists its {@link
 * dev.cantilever.text.TextShard}s in a fixed order. A shard is what one worker reads; it streams
 * {@link dev.cantilever.text.TextItem}s, each a {@link dev.cantilever.text.Document} or a {@link
 * dev.cantilever.text.BadRow} with its reason. {@link dev.cantilever.text.TextCleaner} then makes
 * plain text of markup and drops what is too short or too long, {@link
 * dev.cantilever.text.TrainTestSplit} decides on which side a document lies, and {@link
 * dev.cantilever.text.TextTally} counts all of it.
 *
 * <p>Used by the other rooms of this module for {@link dev.cantilever.text.DatasetException}, the
 * parent of the module's unchecked exceptions, and by the preparation stage.
 *
 * <p>Invariant: every row of the input comes out exactly once, as a document or as a bad row (blank
 * lines between rows are not rows). A bad row never ends the reading; a problem of the whole file
 * always does, as one {@code DatasetException} that names the file. A document's id depends on its
 * file's name under the source's root and its row, or on the id column, never on the shard or the
 * order of reading.
 *
 * <p>Not here: token ids ({@code tokenizer}), dead-letter files and Beam (the pipelines' business),
 * archives such as tar and zip.
 */
@NullMarked
package dev.cantilever.text;

import org.jspecify.annotations.NullMarked;
