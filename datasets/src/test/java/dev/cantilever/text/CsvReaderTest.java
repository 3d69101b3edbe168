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

class CsvReaderTest {

  @TempDir private Path temp;
  private TextFolder folder;

  @BeforeEach
  void makeFolder() {
    folder = new TextFolder(temp);
  }

  @Test
  void records_quotedCommasQuotesAndNewlines_areRead() throws IOException {
    Path file =
        folder.write(
            "r.csv", "id,text,rating\r\n1,\"a, \"\"b\"\"\nc\",8\r\n\r\n2,say \"hi\" – é🎬,3\r\n");

    List<TextItem> items = read(TextSource.detect(file, TextColumns.ofReviews()));

    assertThat(items)
        .containsExactly(
            new Document("1", "r.csv", 2, "a, \"b\"\nc", Map.of("rating", "8")),
            new Document("2", "r.csv", 5, "say \"hi\" – é🎬", Map.of("rating", "3")));
  }

  @Test
  void records_badOnes_areSetAsideAndReadingGoesOn() throws IOException {
    Path file =
        folder.write(
            "r.csv",
            "text,n\ngood,1\nbroken,by,commas\n\"closed\"too early,3\n   ,4\nalso good,5\n\"never closed,6\nswallowed,7\n");

    List<TextItem> items = read(file);

    assertThat(texts(items)).containsExactly("good", "also good");
    assertThat(bad(items))
        .extracting(BadRow::row, BadRow::reason)
        .containsExactly(
            tuple(3L, BadRow.Reason.MALFORMED),
            tuple(4L, BadRow.Reason.MALFORMED),
            tuple(5L, BadRow.Reason.EMPTY_TEXT),
            tuple(7L, BadRow.Reason.MALFORMED));
    assertThat(bad(items).get(0).detail()).isEqualTo("expected 2 fields, found 3");
    assertThat(bad(items).get(3).detail()).contains("closing quote");
    assertThat(bad(items).get(3).raw()).contains("swallowed");
  }

  @Test
  void bytes_notUtf8_spoilOnlyTheirRecord() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes("text\none\ntw".getBytes(StandardCharsets.UTF_8));
    bytes.write(0xFF);
    bytes.writeBytes("o\nthree".getBytes(StandardCharsets.UTF_8));

    List<TextItem> items = read(folder.write("r.csv", bytes.toByteArray()));

    assertThat(texts(items)).containsExactly("one", "three");
    assertThat(bad(items))
        .extracting(BadRow::row, BadRow::reason)
        .containsExactly(tuple(3L, BadRow.Reason.INVALID_UTF8));
  }

  @Test
  void header_withoutTheTextColumn_isRefusedNamingTheColumns() throws IOException {
    Path file = folder.write("r.csv", "id,review\n1,a\n");

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("'text'")
        .hasMessageContaining("[id, review]");
  }

  @Test
  void header_withARepeatedColumn_isRefused() throws IOException {
    Path file = folder.write("r.csv", "text,text\na,b\n");

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("repeated");
  }

  @Test
  void header_only_givesNothing() throws IOException {
    assertThat(read(folder.write("r.csv", "text,n\n"))).isEmpty();
  }

  @Test
  void byteOrderMark_beforeTheHeader_isSkipped() throws IOException {
    assertThat(documents(read(folder.write("r.csv", "\uFEFFtext\nabc\n")))).hasSize(1);
  }
}
