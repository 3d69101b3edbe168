package dev.cantilever.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTokenizerTest {

  private static final int CLS = 2;
  private static final int SEP = 3;

  @TempDir private static Path temp;
  private static TextTokenizer bpe;
  private static TextTokenizer wordPiece;

  @BeforeAll
  static void load() throws IOException {
    bpe = TextTokenizer.load(EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, temp));
    wordPiece = TextTokenizer.load(EmbeddedSamples.extract(EmbeddedSample.CLASSIFIER, temp));
  }

  @AfterAll
  static void close() {
    bpe.close();
    wordPiece.close();
  }

  @Test
  void byteLevel_anyText_comesBackExactly() {
    for (String text :
        List.of(
            "",
            "This movie was great.",
            "  two  spaces\n\n\ttabs ",
            "naïve café – “quotes”",
            "🎬👩‍👩‍👧 日本語 עברית",
            "nul \u0000 byte",
            "\uFFFD",
            "it's we're I'd")) {
      assertThat(bpe.decode(bpe.encode(text))).isEqualTo(text);
    }
  }

  @Test
  void encode_knownWord_givesTheIdsOfItsTokens() {
    assertThat(bpe.encode("This movie"))
        .containsExactly(bpe.id("This").getAsInt(), bpe.id("Ġmovie").getAsInt());
  }

  @Test
  void encode_longText_isNeitherTruncatedNorPadded() {
    String text = "good ".repeat(3_000).strip();

    assertThat(bpe.encode(text)).hasSize(3_000);
    assertThat(wordPiece.encode(text)).hasSize(3_000);
    assertThat(wordPiece.encodeWithSpecialTokens(text)).hasSize(3_002);
  }

  @Test
  void byteLevel_specialTokens_putNothingAround() {
    assertThat(bpe.encodeWithSpecialTokens("Fine.")).containsExactly(bpe.encode("Fine."));
  }

  @Test
  void wordPiece_specialTokens_goAround() {
    int[] bare = wordPiece.encode("A GREAT film");
    int[] whole = wordPiece.encodeWithSpecialTokens("A GREAT film");

    assertThat(bare).doesNotContain(CLS, SEP).containsExactly(wordPiece.encode("a great film"));
    assertThat(whole[0]).isEqualTo(CLS);
    assertThat(whole[whole.length - 1]).isEqualTo(SEP);
    assertThat(Arrays.copyOfRange(whole, 1, whole.length - 1)).containsExactly(bare);
  }

  @Test
  void wordPiece_maximumLength_cutsTheTextAndKeepsTheEnds() {
    String text = "one two three four five six seven eight";
    int[] whole = wordPiece.encodeWithSpecialTokens(text);

    for (int max = 3; max < whole.length; max++) {
      int[] expected = Arrays.copyOf(whole, max);
      expected[max - 1] = SEP;
      assertThat(wordPiece.encodeWithSpecialTokens(text, max)).containsExactly(expected);
    }
    assertThat(wordPiece.encodeWithSpecialTokens(text, whole.length)).containsExactly(whole);
    assertThat(wordPiece.encodeWithSpecialTokens("w ".repeat(900), 512)).hasSize(512);
    assertThatThrownBy(() -> wordPiece.encodeWithSpecialTokens(text, 2))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("above the 2 added tokens");
  }

  @Test
  void decode_specialTokens_areKeptOrSkipped() {
    int[] ids = wordPiece.encodeWithSpecialTokens("a great film");

    assertThat(wordPiece.decode(ids)).isEqualTo("[CLS] a great film [SEP]");
    assertThat(wordPiece.decodeWithoutSpecialTokens(ids)).isEqualTo("a great film");
    int[] ended = bpe.encode("The end<|endoftext|>");
    assertThat(ended).endsWith(0);
    assertThat(bpe.decode(ended)).isEqualTo("The end<|endoftext|>");
    assertThat(bpe.decodeWithoutSpecialTokens(ended)).isEqualTo("The end");
  }

  @Test
  void decode_partOfACharacter_isMarkedAndTheWholeIsNot() {
    int[] ids = bpe.encode("🎬");
    assertThat(ids).hasSizeGreaterThan(1);

    assertThat(bpe.decode(Arrays.copyOf(ids, 1))).contains("\uFFFD");
    assertThat(bpe.decode(ids)).isEqualTo("🎬");
  }

  @Test
  void decode_unknownId_isRefused() {
    assertThatThrownBy(() -> bpe.decode(new int[] {5, 8192}))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("from 0 to 8191")
        .hasMessageContaining("id 8192");
  }

  @Test
  void encode_halfACharacter_isRefused() {
    assertThatThrownBy(() -> bpe.encode("x\uD83D"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("surrogate");
  }

  @Test
  void specialIds_ofTheEmbeddedModels_areThoseOfTheirFiles() {
    assertThat(bpe.vocabularySize()).isEqualTo(8192);
    assertThat(bpe.endOfTextIds()).containsExactly(0);
    assertThat(bpe.padId()).hasValue(1);
    assertThat(bpe.bosId()).hasValue(0);
    assertThat(wordPiece.vocabularySize()).isEqualTo(8192);
    assertThat(wordPiece.endOfTextIds()).isEmpty();
    assertThat(wordPiece.padId()).hasValue(0);
    assertThat(wordPiece.bosId()).isEmpty();
  }

  @Test
  void requireFits_smallerModel_isRefusedNamingBothSizes() {
    bpe.requireFits(8192);
    bpe.requireFits(50432);
    assertThatThrownBy(() -> bpe.requireFits(8191))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining("vocab_size 8191")
        .hasMessageContaining("ids up to 8191")
        .hasMessageContaining("does not belong");
  }

  @Test
  void encode_manyThreads_allAgree() throws Exception {
    List<String> texts =
        IntStream.range(0, 200)
            .mapToObj(i -> String.format(Locale.ROOT, "Review %d was 🎬 %d times good", i, i * 7))
            .toList();
    List<int[]> expected = texts.stream().map(bpe::encode).toList();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<Boolean>> results = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        results.add(
            threads.submit(
                () ->
                    IntStream.range(0, texts.size())
                        .allMatch(
                            i ->
                                Arrays.equals(bpe.encode(texts.get(i)), expected.get(i))
                                    && bpe.decode(expected.get(i)).equals(texts.get(i)))));
      }
      for (Future<Boolean> result : results) {
        assertThat(result.get()).isTrue();
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void close_twiceThenUse_isRefusedAndDoesNotCrash() throws IOException {
    TextTokenizer mine = TextTokenizer.load(temp.resolve(EmbeddedSample.CLASSIFIER.folder()));
    mine.close();
    mine.close();

    assertThatThrownBy(() -> mine.encode("x"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void load_withoutTokenizer_isRefusedNamingTheDirectory(@TempDir Path empty) {
    assertThatThrownBy(() -> TextTokenizer.load(empty))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(empty.toString())
        .hasMessageContaining("tokenizer.json");
    assertThatThrownBy(() -> TextTokenizer.load(empty.resolve("nowhere")))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("no such directory");
  }

  @Test
  void load_brokenFiles_areRefusedNamingThem(@TempDir Path broken) throws IOException {
    Path file = broken.resolve("tokenizer.json");
    for (String content :
        List.of(
            "",
            "{\"model\"",
            "[1]",
            "{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}",
            "{\"model\":{\"type\":\"Strange\",\"vocab\":{\"a\":0}}}")) {
      Files.writeString(file, content);
      assertThatThrownBy(() -> TextTokenizer.load(broken))
          .isInstanceOf(DatasetException.class)
          .hasMessageContaining(file.toString());
    }
  }
}
