package dev.cantilever.prepare;

import dev.cantilever.batch.Remainder;
import dev.cantilever.text.CleaningSpec;
import dev.cantilever.text.DatasetException;
import dev.cantilever.text.TextFormat;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The section {@code prepare}: what is read, and what becomes of it.
 *
 * @param input a file or a folder of text; absent: the embedded reviews, whose files say what is
 *     held out and whose columns are known, so that the other settings of the input do not matter
 * @param testInput held-out text apart from the input; absent: a share of the input is held out
 * @param format of both inputs; absent: found out
 * @param textColumn the column that holds the text
 * @param idColumn the column that holds a document's id; absent: ids are made of file and row
 * @param chat whether the text column holds conversations, as JSON lists of messages, which the
 *     model's chat template makes text of; such text is not cleaned. Rows are made of the whole,
 *     and queries of what comes before the assistant's last answer
 * @param cleaning how text is cleaned and which texts are kept
 * @param testFraction the share of the documents that is held out, where there is no test input
 * @param blockSize token ids per packed row
 * @param separator what stands between documents in a row
 * @param remainder what becomes of a shard's last ids that fill no row
 * @param maxSftTokens the most token ids in all training rows together; 0 for all
 * @param maxBadShare the share of rows that may be dead letters
 * @param maxDocumentTokens the first token ids that are stored of each document
 */
public record PrepareSpec(
    Optional<Path> input,
    Optional<Path> testInput,
    Optional<TextFormat> format,
    String textColumn,
    Optional<String> idColumn,
    boolean chat,
    CleaningSpec cleaning,
    double testFraction,
    int blockSize,
    DocumentSeparator separator,
    Remainder remainder,
    long maxSftTokens,
    double maxBadShare,
    int maxDocumentTokens) {

  /** Checks the numbers. */
  public PrepareSpec {
    require(
        testFraction >= 0 && testFraction < 1,
        "test_fraction",
        "a share of at least 0 and below 1",
        testFraction,
        "Leave some of the documents for training");
    require(
        blockSize >= 2,
        "block_size",
        "at least 2 tokens, one to see and one to predict",
        blockSize,
        "Raise it");
    require(
        maxSftTokens == 0 || maxSftTokens >= blockSize,
        "max_sft_tokens",
        "0 for all tokens, or at least the block_size " + blockSize,
        maxSftTokens,
        "Raise it");
    require(
        maxBadShare >= 0 && maxBadShare <= 1,
        "max_bad_share",
        "a share from 0 to 1",
        maxBadShare,
        "Correct it");
    require(
        maxDocumentTokens >= 1,
        "max_document_tokens",
        "at least 1 token",
        maxDocumentTokens,
        "Raise it to the longest query");
    if (chat && input.isEmpty()) {
      throw new DatasetException(
          "chat",
          "an input of conversations beside it",
          "none, which means the embedded reviews",
          "Set input too, or leave it out");
    }
    if (testInput.isPresent() && input.isEmpty()) {
      throw new DatasetException(
          "test_input",
          "an input beside it",
          "none, which means the embedded reviews",
          "Set input too, or leave both out");
    }
  }

  /** The embedded reviews, cleaned as reviews, in rows of 1024, at most 1 % of them bad. */
  public static PrepareSpec defaults() {
    return new PrepareSpec(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        "text",
        Optional.empty(),
        false,
        CleaningSpec.reviews(),
        0.1,
        1024,
        DocumentSeparator.NONE,
        Remainder.DROP,
        0,
        0.01,
        64);
  }

  /** The same with rows of another length. */
  public PrepareSpec withBlockSize(int newBlockSize) {
    return with(newBlockSize, maxSftTokens);
  }

  /** The same with another limit on the tokens of training rows. */
  public PrepareSpec withMaxSftTokens(long newMaxSftTokens) {
    return with(blockSize, newMaxSftTokens);
  }

  private PrepareSpec with(int newBlockSize, long newMaxSftTokens) {
    return new PrepareSpec(
        input,
        testInput,
        format,
        textColumn,
        idColumn,
        chat,
        cleaning,
        testFraction,
        newBlockSize,
        separator,
        remainder,
        newMaxSftTokens,
        maxBadShare,
        maxDocumentTokens);
  }

  private static void require(
      boolean holds, String key, String expected, Object found, String remedy) {
    if (!holds) {
      throw new DatasetException(key, expected, found.toString(), remedy);
    }
  }
}
