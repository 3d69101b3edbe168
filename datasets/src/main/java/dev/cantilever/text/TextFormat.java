package dev.cantilever.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The shapes in which text arrives. All but Parquet may be gzip or zstd compressed. */
public enum TextFormat {
  /** One JSON object per line. */
  JSONL,
  /** Comma-separated values (RFC 4180), the first record names the columns. */
  CSV,
  /** A Parquet file with a top-level text column. */
  PARQUET,
  /** One document per file; folders named pos and neg, and names like 0_9.txt, label them. */
  TEXT_FILES;

  private static final int SNIFF_BYTES = 512;
  private static final byte[] PARQUET_MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  /**
   * The format a user wrote, in any case, with '-' or '_'.
   *
   * @param name as in "jsonl" or "text-files"
   * @return the format
   * @throws DatasetException listing the legal names
   */
  public static TextFormat parse(String name) {
    String wanted = name.strip().toUpperCase(Locale.ROOT).replace('-', '_');
    return Arrays.stream(values())
        .filter(format -> format.name().equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new DatasetException(
                    "text format", "one of " + names(), "'" + name + "'", "Write one of those"));
  }

  /** The format that a file's first bytes, else its name, else its first character announce. */
  static Optional<TextFormat> detect(Path file) throws IOException {
    byte[] head = Compression.read(file, bytes -> bytes.readNBytes(SNIFF_BYTES));
    if (head.length >= PARQUET_MAGIC.length
        && Arrays.equals(Arrays.copyOf(head, PARQUET_MAGIC.length), PARQUET_MAGIC)) {
      return Optional.of(PARQUET);
    }
    Optional<TextFormat> named = byName(file);
    if (named.isPresent()) {
      return named;
    }
    String start = new String(head, StandardCharsets.UTF_8).replace("\uFEFF", "").stripLeading();
    return start.startsWith("{") ? Optional.of(JSONL) : Optional.empty();
  }

  /** The format that a file's name announces. */
  static Optional<TextFormat> byName(Path file) {
    String name = Compression.bareName(file);
    if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
      return Optional.of(JSONL);
    }
    if (name.endsWith(".csv")) {
      return Optional.of(CSV);
    }
    if (name.endsWith(".parquet")) {
      return Optional.of(PARQUET);
    }
    return name.endsWith(".txt") ? Optional.of(TEXT_FILES) : Optional.empty();
  }

  static String names() {
    return Arrays.stream(values())
        .map(format -> format.name().toLowerCase(Locale.ROOT).replace('_', '-'))
        .collect(Collectors.joining(", "));
  }
}
