package dev.cantilever.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.Schemas;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.row.DeadLetter;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import dev.cantilever.row.TokenizedDocument;
import dev.cantilever.text.DatasetException;
import dev.cantilever.text.TrainTestSplit;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparePipelineTest {

  private static final long SEED = 5;

  @TempDir private static Path shared;
  private static Reviews reviews;

  @TempDir private Path dir;

  @BeforeAll
  static void extract() throws IOException {
    reviews = Reviews.extract(shared);
  }

  private Path data() {
    return dir.resolve("data");
  }

  private PrepareSummary run(PrepareSpec spec) throws IOException {
    return run(spec, data(), 2);
  }

  private static PrepareSummary run(PrepareSpec spec, Path data, int parallelism)
      throws IOException {
    return PreparePipeline.run(
        spec,
        reviews.model(),
        data,
        SEED,
        "test",
        PipelineOptionsFactory.fromArgs("--targetParallelism=" + parallelism).create());
  }

  private Path write(String name, List<String> lines) throws IOException {
    return Files.write(dir.resolve(name), lines);
  }

  private static Map<String, String> files(Path directory) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        content.put(
            file.getFileName().toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
      }
    }
    return content;
  }

  private void assertRefused(ThrowingCallable call, String... words) {
    assertThatThrownBy(call)
        .satisfies(
            thrown -> {
              Throwable cause = thrown;
              while (!(cause instanceof DatasetException) && cause.getCause() != null) {
                cause = cause.getCause();
              }
              assertThat(cause).isInstanceOf(DatasetException.class).hasMessageContainingAll(words);
            });
    assertThat(CommitDirectory.at(data()).isCommitted()).isFalse();
  }

  @Test
  void run_conversations_rowsLearnAllAndPromptsEndBeforeTheAnswer() throws IOException {
    Path model = Files.createDirectory(dir.resolve("chat-model"));
    for (String name : List.of("config.json", "tokenizer.json")) {
      Files.copy(reviews.model().resolve(name), model.resolve(name));
    }
    Files.writeString(
        model.resolve("chat_template.jinja"),
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
            + "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}");
    Path input =
        write(
            "chats.jsonl",
            List.of(
                "{\"id\": \"a\", \"messages\": [{\"role\": \"user\", \"content\": \"<b>Good?</b>\"},"
                    + " {\"role\": \"assistant\", \"content\": \"Yes.\"}]}",
                "{\"id\": \"b\", \"messages\": [{\"role\": \"user\", \"content\": \"Bad?\"}]}",
                "{\"id\": \"c\", \"messages\": [{\"content\": \"Nobody.\"}]}"));

    PrepareSummary summary =
        PreparePipeline.run(
            Reviews.spec(
                input,
                "chat=true",
                "text_column=messages",
                "block_size=4",
                "test_fraction=0",
                "max_bad_share=0.5"),
            model,
            data(),
            SEED,
            "test",
            PipelineOptionsFactory.create());

    PreparedData data = PreparedData.open(data());
    assertThat(summary.dead()).isEqualTo(1);
    assertThat(data.arePrompts()).isTrue();
    try (TextTokenizer tokenizer = TextTokenizer.load(model)) {
      assertThat(data.documents(Split.TRAIN))
          .extracting(document -> tokenizer.decode(document.ids().toArray()))
          .containsExactlyInAnyOrder("user: <b>Good?</b>\nassistant:", "user: Bad?\nassistant:");
      StringBuilder rows = new StringBuilder();
      for (TokenRow row : data.rows(Split.TRAIN)) {
        rows.append(tokenizer.decode(row.ids().toArray()));
      }
      assertThat(rows.toString()).contains("user: <b>Good?</b>\nassistant: Yes.\n");
    }
  }

  @Test
  void run_folderOfReviews_keepsEveryDocumentOnceAndPacksItsTokensInOrder() throws IOException {
    PrepareSummary summary = run(Reviews.spec(reviews.folder(dir.resolve("in"), 5)));
    PreparedData data = PreparedData.open(data());
    assertThat(summary.rowsIn()).isEqualTo(40);
    assertThat(summary.rowsOut() + summary.dead() + summary.dropped()).isEqualTo(40);
    List<TokenizedDocument> train = data.documents(Split.TRAIN);
    List<TokenizedDocument> test = data.documents(Split.TEST);
    assertThat(train.size() + test.size()).isEqualTo((int) summary.rowsOut());
    assertThat(Stream.concat(train.stream(), test.stream()).map(TokenizedDocument::documentId))
        .doesNotHaveDuplicates();
    TrainTestSplit split = new TrainTestSplit(SEED, 0.25);
    assertThat(test).isNotEmpty();
    assertThat(test).allMatch(d -> split.side(d.documentId()) == TrainTestSplit.Side.TEST);
    assertThat(train).allMatch(d -> split.side(d.documentId()) == TrainTestSplit.Side.TRAIN);
    for (Split side : Split.values()) {
      List<TokenRow> rows = data.rows(side);
      assertThat(rows.stream().map(TokenRow::rowId))
          .containsExactlyElementsOf(
              IntStream.range(0, rows.size()).mapToObj(Long::valueOf).toList());
      assertThat(rows.get(0).ids().toArray())
          .startsWith(data.documents(side).get(0).ids().toArray());
    }
    long tokens =
        Stream.of(Split.values())
            .flatMap(side -> rows(data, side).stream())
            .mapToLong(row -> row.ids().size())
            .sum();
    assertThat(summary.tokens()).isEqualTo(tokens);
  }

  private static List<TokenRow> rows(PreparedData data, Split split) {
    try {
      return data.rows(split);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void run_oneFileKept_rowsAreTheDocumentsTokensWithSeparatorsBetween() throws IOException {
    run(
        Reviews.spec(
            write("a.jsonl", reviews.lines(0, 6)),
            "id_column=null",
            "test_fraction=0",
            "separator=end-of-text",
            "remainder=keep",
            "max_document_tokens=1000"));
    PreparedData data = PreparedData.open(data());
    int[] packed =
        data.rows(Split.TRAIN).stream()
            .flatMapToInt(r -> IntStream.of(r.ids().toArray()))
            .toArray();
    List<Integer> expected = new ArrayList<>();
    for (TokenizedDocument document : data.documents(Split.TRAIN)) {
      if (!expected.isEmpty()) {
        expected.add(0); // the embedded tokenizer's end of text
      }
      expected.addAll(document.ids().asList());
    }
    assertThat(packed).containsExactly(expected.stream().mapToInt(Integer::intValue).toArray());
    assertThat(data.documents(Split.TRAIN).get(0).documentId()).isEqualTo("a.jsonl#1");
  }

  @Test
  void run_oneWorkerOrThree_leavesEqualBytes() throws IOException {
    PrepareSpec spec = Reviews.spec(reviews.folder(dir.resolve("in"), 7));
    Path one = dir.resolve("one");
    Path three = dir.resolve("three");
    PrepareSummary expected = run(spec, one, 1);
    assertThat(run(spec, three, 3)).isEqualTo(expected);
    assertThat(files(three)).isEqualTo(files(one)).hasSize(2 * 7 + 2);
  }

  @Test
  void run_committedData_areReadNotMade() throws IOException {
    Path input = write("a.jsonl", reviews.lines(0, 12));
    PrepareSpec spec = Reviews.spec(input);
    PrepareSummary first = run(spec);
    Path tokens = data().resolve("tokens-00000.parquet");
    FileTime before = Files.getLastModifiedTime(tokens);
    Files.delete(input);
    assertThat(run(spec)).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(tokens)).isEqualTo(before);
  }

  @Test
  void run_committedDataOfAnotherSeed_areRefusedAndKept() throws IOException {
    PrepareSpec spec = Reviews.spec(write("a.jsonl", reviews.lines(0, 12)));
    run(spec);
    Map<String, String> before = files(data());
    assertThatThrownBy(
            () ->
                PreparePipeline.run(
                    spec, reviews.model(), data(), 6, "test", PipelineOptionsFactory.create()))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("seed 6, found 5")
        .hasMessageContaining("another directory");
    assertThat(files(data())).isEqualTo(before);
  }

  @Test
  void run_litterOfAKilledRun_isGoneAndChangesNothing() throws IOException {
    PrepareSpec spec = Reviews.spec(reviews.folder(dir.resolve("in"), 2));
    run(spec, dir.resolve("clean"), 1);
    Files.createDirectories(data().resolve("passing"));
    Files.writeString(data().resolve("passing/tokens-00000.parquet"), "half");
    Files.writeString(data().resolve("tokens-00009.parquet"), "of an input with more shards");
    Files.writeString(data().resolve(".documents-00000.parquet.x"), "half");
    run(spec);
    assertThat(files(data())).isEqualTo(files(dir.resolve("clean")));
  }

  @Test
  void run_badRows_areDeadLettersInOrderWithTheirReasons() throws IOException {
    List<String> lines = reviews.lines(0, 10);
    lines.add(3, "{\"id\": \"x\", \"text\": 5}");
    lines.add(7, "no JSON");
    lines.add("{\"id\": \" \", \"text\": \"an id of white space\"}");
    PrepareSummary summary = run(Reviews.spec(write("a.jsonl", lines), "max_bad_share=0.5"));
    assertThat(summary.rowsIn()).isEqualTo(13);
    assertThat(summary.dead()).isEqualTo(3);
    List<DeadLetter> letters =
        ParquetRecordReader.readAll(Schemas.DEAD_LETTER, data().resolve("dead-letters.parquet"));
    assertThat(letters).extracting(DeadLetter::line).containsExactly(4L, 8L, 13L);
    assertThat(letters.get(0).reason()).startsWith("wrong_type: expected a string in 'text'");
    assertThat(letters.get(1).reason()).startsWith("malformed:");
    assertThat(letters.get(1).content()).isEqualTo("no JSON");
    assertThat(letters.get(2).reason()).startsWith("missing_id:");
    assertThat(PreparedData.open(data()).facts())
        .containsEntry("dead_malformed", "1")
        .containsEntry("dead_wrong_type", "1")
        .containsEntry("dead_missing_id", "1")
        .containsEntry("rows_dead", "3");
  }

  @Test
  void run_moreBadRowsThanAllowed_failsNamingTheFirstAndCommitsNothing() throws IOException {
    List<String> lines = reviews.lines(0, 18);
    lines.add(4, "no JSON");
    lines.add("nor this");
    Path input = write("a.jsonl", lines);
    assertRefused(
        () -> run(Reviews.spec(input, "max_bad_share=0.09")),
        "at most a share of 0.09",
        "2 of 20 (malformed 2)",
        "a.jsonl, line 5",
        "max_bad_share");
    assertThat(data()).isEmptyDirectory();
    assertThat(run(Reviews.spec(input, "max_bad_share=0.1")).dead()).isEqualTo(2);
  }

  @Test
  void run_bounds_dropByReasonAndCount() throws IOException {
    List<String> lines = reviews.lines(0, 6);
    lines.add("{\"id\": \"short\", \"text\": \"too short\"}");
    lines.add("{\"id\": \"tags\", \"text\": \"<p></p>\"}");
    lines.add("{\"id\": \"long\", \"text\": \"" + "long ".repeat(4_000) + "\"}");
    PrepareSummary summary =
        run(
            Reviews.spec(
                write("a.jsonl", lines),
                "test_fraction=0",
                "cleaning.min_chars=100",
                "cleaning.max_chars=10000"));
    assertThat(summary).isEqualTo(new PrepareSummary(9, 6, 0, 3, summary.tokens()));
    assertThat(PreparedData.open(data()).facts())
        .containsEntry("dropped_too_short", "1")
        .containsEntry("dropped_empty", "1")
        .containsEntry("dropped_too_long", "1");
  }

  @Test
  void run_testInput_isHeldOutWhole() throws IOException {
    Path held = write("b.jsonl", reviews.lines(12, 17));
    run(
        Reviews.spec(
            write("a.jsonl", reviews.lines(0, 12)),
            "test_input=" + held,
            "cleaning.min_chars=0",
            "max_document_tokens=3"));
    PreparedData data = PreparedData.open(data());
    assertThat(data.documents(Split.TRAIN)).hasSize(12);
    assertThat(data.documents(Split.TEST))
        .hasSize(5)
        .allMatch(document -> document.ids().size() == 3);
  }

  @Test
  void run_mostTokens_keepsTheFirstTrainingRowsAndAllHeldOut() throws IOException {
    Path input = reviews.folder(dir.resolve("in"), 4);
    run(Reviews.spec(input), dir.resolve("all"), 2);
    PreparedData all = PreparedData.open(dir.resolve("all"));
    long most = 64L * (all.rows(Split.TRAIN).size() / 2) + 63;
    PrepareSummary summary = run(Reviews.spec(input, "max_sft_tokens=" + most));
    PreparedData data = PreparedData.open(data());
    List<TokenRow> kept = data.rows(Split.TRAIN);
    assertThat(kept).isEqualTo(all.rows(Split.TRAIN).subList(0, kept.size()));
    assertThat(kept.stream().mapToLong(row -> row.ids().size()).sum()).isBetween(most - 127, most);
    assertThat(data.rows(Split.TEST)).isEqualTo(all.rows(Split.TEST));
    assertThat(data.facts()).containsEntry("packed_rows_train", Integer.toString(kept.size()));
    assertThat(summary.tokens())
        .isEqualTo(
            Stream.concat(kept.stream(), data.rows(Split.TEST).stream())
                .mapToLong(row -> row.ids().size())
                .sum());
  }

  @Test
  void run_idTwice_isRefusedByName() throws IOException {
    List<String> lines = reviews.lines(0, 9);
    lines.add(lines.get(0));
    assertRefused(
        () -> run(Reviews.spec(write("a.jsonl", lines))), "'train-00000' twice", "id_column");
  }

  @Test
  void run_noTextColumn_isRefusedWithTheFieldsThereAre() throws IOException {
    Path input = write("a.jsonl", Collections.nCopies(3, "{\"id\": \"a\", \"body\": \"x\"}"));
    assertRefused(() -> run(Reviews.spec(input)), "a text field 'text'", "[body, id]");
    assertThat(data()).isEmptyDirectory();
  }

  @Test
  void run_everythingDropped_isRefusedWithTheReasons() throws IOException {
    Path input = write("a.jsonl", List.of("{\"id\": \"a\", \"text\": \"short\"}"));
    assertRefused(() -> run(Reviews.spec(input)), "at least one training row", "too_short 1");
  }

  @Test
  void run_emptyOrMissingOrUnknownInput_writesNothing() throws IOException {
    Path empty = write("a.jsonl", List.of());
    Path unknown = write("a.bin", List.of("text"));
    assertRefused(() -> run(Reviews.spec(empty)), "at least one row", "empty file");
    assertRefused(() -> run(Reviews.spec(unknown)), "jsonl, csv, parquet", "a.bin");
    assertRefused(() -> run(Reviews.spec(dir.resolve("none.jsonl"))), "nothing there");
    assertThat(data()).doesNotExist();
  }

  @Test
  void run_tokenizerOfAnotherModel_writesNothing() throws IOException {
    Path model = Files.createDirectories(dir.resolve("model"));
    Files.copy(reviews.model().resolve("tokenizer.json"), model.resolve("tokenizer.json"));
    Files.writeString(model.resolve("config.json"), "{\"vocab_size\": 8000}");
    PrepareSpec spec = Reviews.spec(write("a.jsonl", reviews.lines(0, 4)));
    assertRefused(
        () ->
            PreparePipeline.run(spec, model, data(), SEED, "test", PipelineOptionsFactory.create()),
        "below the model's vocab_size 8000",
        "ids up to 8191");
    assertThat(data()).doesNotExist();
  }

  @Test
  void run_separatorWithoutEndOfText_isRefused() throws IOException {
    Path model = Files.createDirectories(dir.resolve("model"));
    Files.copy(reviews.model().resolve("tokenizer.json"), model.resolve("tokenizer.json"));
    Files.writeString(model.resolve("config.json"), "{\"vocab_size\": 8192}");
    PrepareSpec separated =
        Reviews.spec(write("a.jsonl", reviews.lines(0, 4)), "separator=end-of-text");
    assertThatThrownBy(() -> PreparePipeline.check(separated, model))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("eos_token");
  }

  @Test
  void main_settingsAndRunner_preparesTheDirectory() throws IOException {
    Path input = write("a.jsonl", reviews.lines(0, 8));
    PreparePipeline.main(
        new String[] {
          "--tokenizer=" + reviews.model(),
          "--data=" + data(),
          "--set=prepare.input=" + input,
          "--set=prepare.block_size=32",
          "--targetParallelism=1"
        });
    PreparedData data = PreparedData.open(data());
    assertThat(data.summary().rowsIn()).isEqualTo(8);
    assertThat(data.facts()).containsEntry("block_size", "32");
  }

  @Test
  void documents_ids_areTheTokenizersFirst() throws IOException {
    Path input =
        write(
            "a.jsonl",
            List.of("{\"id\": \"a\", \"text\": \"" + "A fine film. ".repeat(40) + "\"}"));
    run(Reviews.spec(input));
    TokenizedDocument document = PreparedData.open(data()).documents(Split.TRAIN).get(0);
    try (TextTokenizer tokenizer = TextTokenizer.load(reviews.model())) {
      int[] ids = tokenizer.encode("A fine film. ".repeat(40).strip());
      assertThat(document.ids().toArray()).containsExactly(Arrays.copyOf(ids, 64));
    }
  }
}
