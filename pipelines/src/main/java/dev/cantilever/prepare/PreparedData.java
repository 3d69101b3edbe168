package dev.cantilever.prepare;

import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.RecordSchema;
import dev.cantilever.codec.Schemas;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.CommitManifest;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import dev.cantilever.row.TokenizedDocument;
import dev.cantilever.text.DatasetException;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Committed data, for whoever learns from them. Holds no open file. */
public final class PreparedData {

  /** How the names of files of packed rows begin. */
  public static final String TOKENS = "tokens-";

  private final CommitDirectory directory;
  private final CommitManifest manifest;

  private PreparedData(CommitDirectory directory, CommitManifest manifest) {
    this.directory = directory;
    this.manifest = manifest;
  }

  /**
   * Reads the manifest and checks every file against it.
   *
   * @param dataDirectory what {@link PreparePipeline#run} was given
   * @throws dev.cantilever.manifest.ManifestException if the data are not committed, or a file is
   *     missing or altered
   * @throws DatasetException if the manifest is of something else
   */
  public static PreparedData open(Path dataDirectory) throws IOException {
    CommitDirectory directory = CommitDirectory.at(dataDirectory);
    CommitManifest manifest = directory.readVerified();
    if (!manifest.kind().equals(DataFiles.KIND)) {
      throw new DatasetException(
          dataDirectory.toString(),
          "a manifest of " + DataFiles.KIND,
          "one of " + manifest.kind(),
          "Name the directory that the command prepare wrote");
    }
    return new PreparedData(directory, manifest);
  }

  /**
   * The packed rows of a split, in the order of their row ids, which count from 0.
   *
   * @param split which
   * @return all of them
   */
  public List<TokenRow> rows(Split split) throws IOException {
    return read(Schemas.TOKEN_ROW, TOKENS, row -> row.split() == split);
  }

  /**
   * The documents of a split, in the order of the input, each with its first token ids.
   *
   * @param split which
   * @return all of them
   */
  public List<TokenizedDocument> documents(Split split) throws IOException {
    return read(
        Schemas.TOKENIZED_DOCUMENT, DataFiles.DOCUMENTS, document -> document.split() == split);
  }

  /** What became of the rows of the input. */
  public PrepareSummary summary() {
    return PrepareCounts.summary(manifest);
  }

  /**
   * What the manifest states beside its files: counts, also by reason and by split, {@code seed},
   * {@code block_size}, {@code max_document_tokens}, and the digests of settings and tokenizer.
   */
  public Map<String, String> facts() {
    return manifest.facts();
  }

  /** The most token ids that are stored of a document. */
  public int maxDocumentTokens() {
    return Integer.parseInt(manifest.fact("max_document_tokens"));
  }

  /** Whether the documents are prompts of conversations, which make sense as a whole only. */
  public boolean arePrompts() {
    return manifest.facts().containsKey(DataOrigin.TEMPLATE);
  }

  /** The manifest's path. */
  public Path manifestPath() {
    return directory.manifestPath();
  }

  /**
   * Holds a model to reading these token ids as they were written.
   *
   * @param modelDirectory the directory of the model and its tokenizer
   * @throws DatasetException if its tokenizer is another
   */
  public void requireTokenizer(Path modelDirectory) throws IOException {
    String expected = manifest.fact(DataOrigin.TOKENIZER);
    String found = DataOrigin.tokenizerDigest(modelDirectory);
    if (!found.equals(expected)) {
      throw new DatasetException(
          TextTokenizer.sources(modelDirectory).get(0).toString(),
          "the tokenizer that prepared " + directory.path() + ", digest " + expected,
          found,
          "Prepare the data with this model's tokenizer, or use the model they were made for");
    }
  }

  private <T> List<T> read(RecordSchema<T> schema, String prefix, Predicate<T> wanted)
      throws IOException {
    List<T> records = new ArrayList<>();
    for (FileEntry file : manifest.files()) {
      if (!file.name().startsWith(prefix)) {
        continue;
      }
      try (ParquetRecordReader<T> reader =
          ParquetRecordReader.open(schema, directory.resolve(file))) {
        for (Optional<T> next = reader.read(); next.isPresent(); next = reader.read()) {
          next.filter(wanted).ifPresent(records::add);
        }
      }
    }
    return records;
  }
}
