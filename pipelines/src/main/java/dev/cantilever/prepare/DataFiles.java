package dev.cantilever.prepare;

import java.nio.file.Path;
import java.util.Locale;

/**
 * The names of the files in a directory of prepared data. Names of shards have as many digits as
 * sort them by their numbers.
 *
 * @param directory of the data
 */
record DataFiles(Path directory) {

  /** What the manifest says the files are. */
  static final String KIND = "prepared-data";

  static final String DOCUMENTS = "documents-";
  private static final String DEAD_LETTERS = "dead-letters";
  private static final String SUFFIX = ".parquet";

  /** The most shards whose names sort by their numbers. */
  static final int MOST_SHARDS = 100_000;

  /** A shard's packed rows, numbered in their splits. */
  Path tokens(int shard) {
    return directory.resolve(PreparedData.TOKENS + number(shard) + SUFFIX);
  }

  /** A shard's documents. */
  Path documents(int shard) {
    return directory.resolve(DOCUMENTS + number(shard) + SUFFIX);
  }

  /** The dead letters of all shards. */
  Path deadLetters() {
    return directory.resolve(DEAD_LETTERS + SUFFIX);
  }

  /** Where shards leave what is read again before the commit. */
  Path passing() {
    return directory.resolve("passing");
  }

  /** A shard's packed rows, numbered within the shard. */
  Path shardTokens(int shard) {
    return passing().resolve(PreparedData.TOKENS + number(shard) + SUFFIX);
  }

  /** A shard's dead letters. */
  Path shardDeadLetters(int shard) {
    return passing().resolve(DEAD_LETTERS + "-" + number(shard) + SUFFIX);
  }

  private static String number(int shard) {
    return String.format(Locale.ROOT, "%05d", shard);
  }
}
