package dev.cantilever.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class LineReaderTest {

  @Property(seed = "1")
  void lines_anyContent_areThoseBetweenLineFeeds(
      @ForAll @CharRange(from = '\n', to = '\r') @StringLength(max = 20) String content)
      throws IOException {
    List<String> expected = new ArrayList<>(List.of(content.split("\n", -1)));
    if (expected.get(expected.size() - 1).isEmpty()) {
      expected.remove(expected.size() - 1);
    }
    expected.replaceAll(line -> line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);

    assertThat(all(content, 100)).extracting(LineReader.Line::text).isEqualTo(expected);
  }

  @Test
  void lines_longerThanTheLimitAndTheBuffer_areCutAndTheNextIsWhole() throws IOException {
    List<LineReader.Line> lines = all("x".repeat(200_000) + "\nabcde\nabcdef", 5);

    assertThat(lines)
        .containsExactly(
            new LineReader.Line(1, "xxxxx", true),
            new LineReader.Line(2, "abcde", false),
            new LineReader.Line(3, "abcde", true));
  }

  @Test
  void lines_acrossTheBuffersEdge_areWhole() throws IOException {
    String line = "y".repeat((1 << 16) - 1);

    assertThat(all(line + "\r\n" + line, 1 << 20))
        .extracting(LineReader.Line::text)
        .containsExactly(line, line);
  }

  private static List<LineReader.Line> all(String content, int maxChars) throws IOException {
    LineReader reader = new LineReader(new StringReader(content), maxChars);
    List<LineReader.Line> lines = new ArrayList<>();
    for (var line = reader.next(); line.isPresent(); line = reader.next()) {
      lines.add(line.get());
    }
    return lines;
  }
}
