package dev.cantilever.text;

import static dev.cantilever.text.TextFolder.bad;
import static dev.cantilever.text.TextFolder.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFilesReaderTest {

  @TempDir private Path temp;
  private TextFolder folder;

  @BeforeEach
  void makeFolder() {
    folder = new TextFolder(temp);
  }

  @Test
  void layout_ofImdb_givesLabelAndRatingFromThePath() throws IOException {
    folder.write("train/pos/0_9.txt", "good");
    folder.write("train/pos/10_10.txt.gz", TextFolder.gzip("great"));
    folder.write("train/neg/0_2.txt", "bad");
    folder.write("train/unsup/0_0.txt", "unlabelled");
    folder.write("test/neg/odd.txt", "unrated");
    folder.write("imdb.vocab", "the");
    folder.write("README.txt", "about");

    List<TextItem> items = read(temp);

    assertThat(items)
        .containsExactly(
            document("test/neg/odd.txt", "unrated", Map.of("label", "negative")),
            document("train/neg/0_2.txt", "bad", Map.of("label", "negative", "rating", "2")),
            document("train/pos/0_9.txt", "good", Map.of("label", "positive", "rating", "9")),
            document(
                "train/pos/10_10.txt.gz", "great", Map.of("label", "positive", "rating", "10")));
  }

  @Test
  void root_thatIsALabelFolder_isLabelledToo() throws IOException {
    folder.write("pos/0_7.txt", "good");

    assertThat(read(temp.resolve("pos")))
        .containsExactly(document("0_7.txt", "good", Map.of("label", "positive", "rating", "7")));
  }

  @Test
  void rating_zeroOrBeyondTen_isNone() throws IOException {
    folder.write("pos/0_0.txt", "a");
    folder.write("pos/1_11.txt", "b");

    assertThat(TextFolder.documents(read(temp)))
        .extracting(Document::attributes)
        .containsOnly(Map.of("label", "positive"));
  }

  @Test
  void folder_withoutLabels_givesAllItsTextFiles() throws IOException {
    folder.write("b.txt", "two");
    folder.write("a.txt", "one");
    folder.write(".hidden.txt", "no");
    folder.write("sub/c.txt", "three");

    List<TextItem> items = read(temp);

    assertThat(items)
        .containsExactly(
            document("a.txt", "one", Map.of()),
            document("b.txt", "two", Map.of()),
            document("sub/c.txt", "three", Map.of()));
  }

  @Test
  void files_badOnes_areSetAside() throws IOException {
    folder.write("a.txt", "fine");
    folder.write("b.txt", "");
    folder.write("c.txt", new byte[] {'x', (byte) 0xC3});

    assertThat(bad(read(temp)))
        .extracting(BadRow::source, BadRow::row, BadRow::reason)
        .containsExactly(
            tuple("b.txt", 1L, BadRow.Reason.EMPTY_TEXT),
            tuple("c.txt", 1L, BadRow.Reason.INVALID_UTF8));
  }

  @Test
  void file_beyondTheLimit_isSetAside() throws IOException {
    folder.write("a.txt", "z".repeat(TextShard.MAX_ROW_CHARS + 1));

    assertThat(bad(read(temp))).extracting(BadRow::reason).containsExactly(BadRow.Reason.TOO_LONG);
  }

  private static Document document(String source, String text, Map<String, String> attributes) {
    return new Document(source, source, 1, text, attributes);
  }
}
