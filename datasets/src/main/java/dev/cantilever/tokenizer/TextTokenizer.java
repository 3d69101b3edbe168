package dev.cantilever.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.cantilever.text.DatasetException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The tokenizer of a model directory. Owns a native handle that whoever loaded it closes; safe for
 * sharing between threads, and closing waits for calls that are running.
 */
public final class TextTokenizer implements AutoCloseable {

  // The library would otherwise truncate to 512 tokens, or to what the files state.
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");

  private static final String EXPORT_AGAIN =
      "Export the tokenizer again with transformers' save_pretrained";

  private final Path directory;
  private final Path source; // the file that messages name
  private final HuggingFaceTokenizer tokenizer;
  private final Vocabulary vocabulary;
  private final List<Integer> endOfTextIds;
  private final List<Integer> padIds;
  private final List<Integer> bosIds;
  private final int prefixTokens;
  private final int suffixTokens;
  // Readers call the native handle, the writer frees it: a call after that would crash the JVM.
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private TextTokenizer(
      Path directory, Path source, HuggingFaceTokenizer tokenizer, Vocabulary vocabulary)
      throws IOException {
    this.directory = directory;
    this.source = source;
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
    SpecialTokens special = new SpecialTokens(directory, vocabulary);
    this.endOfTextIds = special.ids("eos");
    this.padIds = special.ids("pad");
    this.bosIds = special.ids("bos");
    int[] bare = encode("a");
    int[] whole = encodeWithSpecialTokens("a");
    this.prefixTokens = indexOf(whole, bare);
    this.suffixTokens = whole.length - bare.length - prefixTokens;
  }

  /**
   * Loads {@code tokenizer.json}, or makes it from {@code vocab.json} with {@code merges.txt}, from
   * {@code vocab.txt}, or from {@code spiece.model}, {@code tokenizer.model} or {@code spm.model},
   * and the special tokens from a model directory; touches no network.
   *
   * @param modelDirectory a directory in HF layout
   * @return the tokenizer, to be closed by the caller
   * @throws DatasetException if a file is missing, is not what it should be, or contradicts another
   * @throws IOException if reading fails
   */
  public static TextTokenizer load(Path modelDirectory) throws IOException {
    TokenizerFile file = TokenizerFile.read(modelDirectory);
    Vocabulary vocabulary = Vocabulary.of(file.json(), file.source());
    ComponentCheck.requireSound(file.json(), file.source());
    HuggingFaceTokenizer tokenizer;
    byte[] bytes = file.json().toString().getBytes(StandardCharsets.UTF_8);
    try (InputStream json = new ByteArrayInputStream(bytes)) {
      tokenizer = HuggingFaceTokenizer.newInstance(json, OPTIONS);
    } catch (RuntimeException e) {
      throw new DatasetException(
          file.source().toString(),
          "a tokenizer that Hugging Face's library accepts",
          error(e),
          EXPORT_AGAIN,
          e);
    }
    try {
      return new TextTokenizer(modelDirectory, file.source(), tokenizer, vocabulary);
    } catch (IOException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * The files of a model directory that decide which ids a text has: {@code tokenizer.json}, or
   * what it is made of.
   *
   * @param modelDirectory a directory in HF layout
   * @return the files; none where there is no tokenizer
   */
  public static List<Path> sources(Path modelDirectory) {
    return TokenizerFile.sources(modelDirectory);
  }

  /**
   * All files of a model directory that decide what a tokenizer of it does: which ids a text has,
   * and which of them have a meaning.
   *
   * @param modelDirectory a directory in HF layout
   * @return the files, in the order of their names; none where there is no tokenizer
   */
  public static List<Path> files(Path modelDirectory) {
    List<Path> sources = sources(modelDirectory);
    return sources.isEmpty()
        ? sources
        : Stream.concat(sources.stream(), SpecialTokens.sources(modelDirectory).stream())
            .distinct()
            .sorted()
            .toList();
  }

  /**
   * The ids of a text alone, as for one that a chat template made. Special tokens that the text
   * itself spells out are recognised.
   *
   * @param text any text that UTF-8 can hold
   * @return ids, empty for the empty text
   */
  public int[] encode(String text) {
    return encoded(text, false);
  }

  /**
   * The ids of a text that a language model is to continue or to learn: with what the tokenizer
   * puts before a text, such as OPT's {@code </s>}, and without what it puts behind one.
   *
   * @param text any text that UTF-8 can hold
   * @return ids, empty for the empty text where nothing is put before it
   */
  public int[] encodeToContinue(String text) {
    int[] whole = encodeWithSpecialTokens(text);
    return Arrays.copyOf(whole, whole.length - suffixTokens);
  }

  /**
   * The ids of a text with what the tokenizer puts around it, such as {@code [CLS] x [SEP]}.
   *
   * @param text any text that UTF-8 can hold
   * @return ids
   */
  public int[] encodeWithSpecialTokens(String text) {
    return encoded(text, true);
  }

  /**
   * As {@link #encodeWithSpecialTokens(String)}, with the end of the text left out where the whole
   * would be longer than a classifier can take; the tokens around it stay. Matches transformers'
   * {@code truncation=True, max_length=maxTokens}.
   *
   * @param text any text that UTF-8 can hold
   * @param maxTokens the most ids returned, the added tokens included
   * @return at most {@code maxTokens} ids
   * @throws DatasetException if not even one token of text would fit
   */
  public int[] encodeWithSpecialTokens(String text, int maxTokens) {
    if (maxTokens <= prefixTokens + suffixTokens) {
      throw new DatasetException(
          directory.toString(),
          "a maximum above the " + (prefixTokens + suffixTokens) + " added tokens",
          Integer.toString(maxTokens),
          "Raise the maximum length");
    }
    int[] whole = encodeWithSpecialTokens(text);
    if (whole.length <= maxTokens) {
      return whole;
    }
    int[] cut = Arrays.copyOf(whole, maxTokens);
    System.arraycopy(
        whole, whole.length - suffixTokens, cut, maxTokens - suffixTokens, suffixTokens);
    return cut;
  }

  /**
   * The text of ids, special tokens spelled out; what rewards are computed on, as in trl's scripts.
   *
   * <p>Give whole sequences: a token may hold part of a character, and where a sequence begins or
   * ends within one, U+FFFD stands in its place. Do not decode token by token and concatenate.
   *
   * @param ids below {@link #vocabularySize()}
   * @return the text
   * @throws DatasetException if an id is not the tokenizer's
   */
  public String decode(int[] ids) {
    return decoded(ids, false);
  }

  /**
   * The text of ids, special tokens left out; otherwise as {@link #decode}.
   *
   * @param ids below {@link #vocabularySize()}
   * @return the text
   * @throws DatasetException if an id is not the tokenizer's
   */
  public String decodeWithoutSpecialTokens(int[] ids) {
    return decoded(ids, true);
  }

  /**
   * The tokenizer's largest id plus one.
   *
   * @return the count; a model's embedding may have more rows, never fewer
   */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /**
   * The id of a token by its spelling in {@code tokenizer.json}.
   *
   * @param token as in {@code "<|endoftext|>"}
   * @return its id, if it is one
   */
  public OptionalInt id(String token) {
    return vocabulary.id(token);
  }

  /**
   * The ids any of which ends a response; the first is the one to write between documents.
   *
   * @return distinct ids, possibly none
   */
  public List<Integer> endOfTextIds() {
    return endOfTextIds;
  }

  /**
   * The padding token. Many causal models have none; rows are packed, so none is needed.
   *
   * @return its id, if stated
   */
  public OptionalInt padId() {
    return first(padIds);
  }

  /**
   * The token that begins a text.
   *
   * @return its id, if stated
   */
  public OptionalInt bosId() {
    return first(bosIds);
  }

  /**
   * Holds the tokenizer to belonging to a model: no id may lie beyond the model's embedding.
   *
   * @param modelVocabularySize {@code vocab_size} of the model's {@code config.json}
   * @throws DatasetException if an id would be out of range
   */
  public void requireFits(int modelVocabularySize) {
    if (vocabularySize() > modelVocabularySize) {
      throw new DatasetException(
          source.toString(),
          "token ids below the model's vocab_size " + modelVocabularySize,
          "ids up to " + (vocabularySize() - 1) + ", so the tokenizer does not belong to the model",
          "Use the tokenizer of the model's own checkpoint");
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        tokenizer.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private int[] encoded(String text, boolean addSpecialTokens) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new DatasetException(
          directory.toString(),
          "text that UTF-8 can hold",
          "half of a surrogate pair",
          "Read the text with this project's readers, which put such rows aside");
    }
    long[] ids = open(handle -> handle.encode(text, addSpecialTokens, false).getIds());
    for (long id : ids) {
      if (id < 0 || id >= vocabularySize()) {
        throw new DatasetException(
            source.toString(),
            "a tokenizer that gives ids of its vocabulary, 0 to " + (vocabularySize() - 1),
            "id " + id,
            EXPORT_AGAIN);
      }
    }
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }

  private String decoded(int[] ids, boolean skipSpecialTokens) {
    for (int id : ids) {
      if (id < 0 || id >= vocabularySize()) {
        throw new DatasetException(
            source.toString(),
            "token ids from 0 to " + (vocabularySize() - 1),
            "id " + id,
            "Decode with the tokenizer that belongs to the model");
      }
    }
    long[] wide = Arrays.stream(ids).asLongStream().toArray();
    return open(handle -> handle.decode(wide, skipSpecialTokens));
  }

  private <T> T open(Function<HuggingFaceTokenizer, T> call) {
    lock.readLock().lock();
    try {
      requireOpen();
      return worked(call);
    } finally {
      lock.readLock().unlock();
    }
  }

  private <T> T worked(Function<HuggingFaceTokenizer, T> call) {
    try {
      return call.apply(tokenizer);
    } catch (RuntimeException e) { // the library throws no other
      throw new DatasetException(
          source.toString(), "a tokenizer that works", error(e), EXPORT_AGAIN, e);
    }
  }

  private static String error(RuntimeException e) {
    return "an error: " + e.getMessage();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          "Expected an open tokenizer, found the one of "
              + directory
              + " closed; load it again, or close it later.");
    }
  }

  private static OptionalInt first(List<Integer> ids) {
    return ids.isEmpty() ? OptionalInt.empty() : OptionalInt.of(ids.get(0));
  }

  /** Where {@code part} begins in {@code whole}. */
  private int indexOf(int[] whole, int[] part) {
    for (int start = 0; start + part.length <= whole.length; start++) {
      if (Arrays.equals(whole, start, start + part.length, part, 0, part.length)) {
        return start;
      }
    }
    throw new DatasetException(
        source.toString(),
        "special tokens only around a text",
        Arrays.toString(whole) + " around " + Arrays.toString(part),
        "This kind of tokenizer is not supported: use a model with another");
  }
}
