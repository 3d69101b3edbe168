/**
 * Text files to token rows: the stage whose output everything else learns from.
 *
 * <p>Enter by {@link dev.cantilever.prepare.PreparePipeline}, which makes the data of a run or
 * finds it made; {@link dev.cantilever.prepare.PrepareDocuments} is its transform, {@link
 * dev.cantilever.prepare.PrepareSpec} the section {@code prepare} of a recipe, and {@link
 * dev.cantilever.prepare.PreparedData} reads what was committed.
 *
 * <p>The directory holds, per shard of the input, {@code tokens-00000.parquet} (packed rows of both
 * splits, for fine-tuning) and {@code documents-00000.parquet} (the first tokens of each document
 * kept, for queries), then {@code dead-letters.parquet} and the manifest. A shard is read from
 * beginning to end by one worker, which cleans, splits, encodes and packs in the shard's order and
 * writes its files aside; then the shards' counts are added up and judged in one place, the packed
 * rows are numbered, shard by shard, and the manifest is written last.
 *
 * <p>Invariant: the files depend on the input, the tokenizer, the settings and the seed alone, to
 * the byte, on no number of workers and no runner. Rows in are documents kept plus documents
 * dropped plus dead letters, each counted by its reason. No worker holds more than a row group and
 * a row of text; the commit holds eight bytes per document.
 *
 * <p>With {@code prepare.chat} a document is a conversation, made text by the model's template, and
 * a query is what comes before its last answer.
 *
 * <p>Not here: readers, cleaning, the draw of the split, packing and tokenizers ({@code datasets}),
 * and the choice of queries from documents.
 */
@NullMarked
package dev.cantilever.prepare;

import org.jspecify.annotations.NullMarked;
