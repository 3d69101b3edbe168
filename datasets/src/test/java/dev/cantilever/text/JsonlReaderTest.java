package dev.cantilever.text;

import static dev.cantilever.text.TextFolder.bad;
import static dev.cantilever.text.TextFolder.documents;
import static dev.cantilever.text.TextFolder.read;
import static dev.cantilever.text.TextFolder.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonlReaderTest {

  @TempDir private Path temp;
  private TextFolder folder;

  @BeforeEach
  void makeFolder() {
    folder = new TextFolder(temp);
  }

  @Test
  void rows_goodOnes_becomeDocumentsWithIdsAndAttributes() throws IOException {
    Path file =
        folder.write(
            "r.jsonl",
            """
            {"id": "a", "text": "one", "label": "positive", "rating": 9}
            {"id": 7, "text": "two", "label": null}
            """);

    List<TextItem> items = read(TextSource.detect(file, TextColumns.ofReviews()));

    assertThat(items)
        .containsExactly(
            new Document("a", "r.jsonl", 1, "one", Map.of("label", "positive", "rating", "9")),
            new Document("7", "r.jsonl", 2, "two", Map.of()));
  }

  @Test
  void ids_withoutIdColumn_areMadeOfSourceAndRow() throws IOException {
    Path file = folder.write("r.jsonl", "{\"text\":\"one\"}\n\n{\"text\":\"three\"}");

    assertThat(documents(read(file)))
        .extracting(Document::id)
        .containsExactly("r.jsonl#1", "r.jsonl#3");
  }

  @Test
  void rows_badOnes_areSetAsideWithReasonAndLine() throws IOException {
    Path file =
        folder.write(
            "r.jsonl",
            """
            {"text": "good"}
            {"text": "cut off
            [1, 2]
            {"other": 1}
            {"text": 12}
            {"text": null}
            {"text": "  \\n"}
            {"text": "half \\ud83d"}
            {"text": "a", "text": "b"}
            {"text": "a"} {"text": "b"}
            {"text": "last"}
            """);

    List<TextItem> items = read(file);

    assertThat(texts(items)).containsExactly("good", "last");
    assertThat(bad(items))
        .extracting(BadRow::row, BadRow::reason)
        .containsExactly(
            tuple(2L, BadRow.Reason.MALFORMED),
            tuple(3L, BadRow.Reason.MALFORMED),
            tuple(4L, BadRow.Reason.MISSING_TEXT),
            tuple(5L, BadRow.Reason.WRONG_TYPE),
            tuple(6L, BadRow.Reason.MISSING_TEXT),
            tuple(7L, BadRow.Reason.EMPTY_TEXT),
            tuple(8L, BadRow.Reason.INVALID_UTF8),
            tuple(9L, BadRow.Reason.MALFORMED),
            tuple(10L, BadRow.Reason.MALFORMED));
    assertThat(bad(items).get(3).detail()).contains("'text'", "a number");
    assertThat(bad(items).get(1).raw()).isEqualTo("[1, 2]");
  }

  @Test
  void bytes_notUtf8_spoilOnlyTheirRow() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(
        "{\"text\": \"before \uFFFD\"}\n{\"text\": \"caf".getBytes(StandardCharsets.UTF_8));
    bytes.write(0xE9);
    bytes.writeBytes("\"}\n{\"text\": \"after\"}\n".getBytes(StandardCharsets.UTF_8));
    Path file = folder.write("r.jsonl", bytes.toByteArray());

    List<TextItem> items = read(file);

    assertThat(texts(items)).containsExactly("before \uFFFD", "after");
    assertThat(bad(items))
        .extracting(BadRow::row, BadRow::reason, BadRow::raw)
        .containsExactly(tuple(2L, BadRow.Reason.INVALID_UTF8, "{\"text\": \"caf\uFFFD\"}"));
  }

  @Test
  void text_listWhereAskedFor_isKeptAsItsJson() throws IOException {
    Path file =
        folder.write("r.jsonl", "{\"m\": [{\"role\": \"user\"}]}\n{\"m\": \"[1]\"}\n{\"m\": {}}\n");

    List<TextItem> items = read(TextSource.detect(file, new TextColumns("m", "", List.of(), true)));

    assertThat(texts(items)).containsExactly("[{\"role\":\"user\"}]", "[1]");
    assertThat(bad(items)).extracting(BadRow::reason).containsExactly(BadRow.Reason.WRONG_TYPE);
  }

  @Test
  void text_unicodeCrlfAndByteOrderMark_areRead() throws IOException {
    Path file =
        folder.write(
            "r.jsonl", "\uFEFF{\"text\": \"héllo 🎬 日本\"}\r\n{\"text\": \"a\u2028b\"}\r\n");

    assertThat(texts(read(file))).containsExactly("héllo 🎬 日本", "a\u2028b");
  }

  @Test
  void line_beyondTheLimit_isSetAsideAndTheNextIsRead() throws IOException {
    String huge = "x".repeat(TextShard.MAX_ROW_CHARS);
    Path file = folder.write("r.jsonl", "{\"text\": \"" + huge + "\"}\n{\"text\": \"next\"}\n");

    List<TextItem> items = read(file);

    assertThat(texts(items)).containsExactly("next");
    assertThat(bad(items)).extracting(BadRow::reason).containsExactly(BadRow.Reason.TOO_LONG);
    assertThat(bad(items).get(0).raw()).hasSize(BadRow.RAW_LIMIT).endsWith("…");
  }

  @Test
  void line_ofAMillionCharacters_isRead() throws IOException {
    Path file = folder.write("r.jsonl", "{\"text\": \"" + "y".repeat(1_000_000) + "\"}");

    assertThat(texts(read(file)).get(0)).hasSize(1_000_000);
  }

  @Test
  void file_whereNoRowHasTheField_isRefusedNamingTheFieldsThatExist() throws IOException {
    Path file = folder.write("r.jsonl", "{\"review\": \"a\", \"id\": 1}\n{\"review\": \"b\"}\n");

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("'text'")
        .hasMessageContaining("[id, review]")
        .hasMessageContaining("Name the field");
  }

  @Test
  void row_withoutTheStatedId_isSetAside() throws IOException {
    Path file = folder.write("r.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\", \"id\": \"i\"}\n");

    List<TextItem> items = read(TextSource.detect(file, TextColumns.ofReviews()));

    assertThat(bad(items)).extracting(BadRow::reason).containsExactly(BadRow.Reason.MISSING_ID);
    assertThat(documents(items)).extracting(Document::id).containsExactly("i");
  }
}
