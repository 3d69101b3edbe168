package dev.cantilever.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextCleanerTest {

  private static final CleaningSpec HTML =
      new CleaningSpec(true, Whitespace.COLLAPSE, 0, CleaningSpec.NO_LIMIT);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "One.<br /><br />Two.|One.\\nTwo.",
        "Tom &amp; Jerry&#39;s &quot;best&quot; &eacute;|Tom & Jerry's \"best\" é",
        "<p>One</p><p>Two <i>three</i></p>|One\\nTwo three",
        "I <3 it, 5 < 6 & 7 > 2|I <3 it, 5 < 6 & 7 > 2",
        "loved it <but never finished|loved it <but never finished",
        "gone<!-- never shown --> back|gone back",
        "open <!-- not a comment|open <!-- not a comment",
        "a<script>alert(1)</script>b|ab",
        "x &nbsp; y|x y",
      })
  void html_markup_becomesText(String markup, String expected) {
    assertThat(new TextCleaner(HTML).clean(markup)).isEqualTo(expected.replace("\\n", "\n"));
  }

  @Test
  void whitespace_collapse_keepsSingleLineEnds() {
    String text = "\t a \u00A0 b\r\n \r\n\u0085 c \u2028d\u0001e ";

    assertThat(cleaned(Whitespace.COLLAPSE, text)).isEqualTo("a b\nc\nd e");
    assertThat(cleaned(Whitespace.SINGLE_LINE, text)).isEqualTo("a b c d e");
    assertThat(cleaned(Whitespace.KEEP, text)).isEqualTo(text);
  }

  @Property(seed = "1")
  void whitespace_collapse_isIdempotentAndKeepsTheRest(@ForAll String text) {
    TextCleaner cleaner = new TextCleaner(new CleaningSpec(false, Whitespace.COLLAPSE, 0, 10));
    String once = cleaner.clean(text);

    assertThat(cleaner.clean(once)).isEqualTo(once);
    assertThat(solid(once)).isEqualTo(solid(text));
  }

  @Test
  void lengths_areInclusiveAndCountCodePoints() {
    TextCleaner cleaner = new TextCleaner(CleaningSpec.asIs().withChars(3, 4));

    assertThat(cleaner.clean(document("🎬🎬")))
        .isEqualTo(dropped("🎬🎬", Cleaned.Reason.TOO_SHORT));
    assertThat(cleaner.clean(document("🎬🎬🎬"))).isEqualTo(new Cleaned.Kept(document("🎬🎬🎬")));
    assertThat(cleaner.clean(document("abcd"))).isEqualTo(new Cleaned.Kept(document("abcd")));
    assertThat(cleaner.clean(document("abcde")))
        .isEqualTo(dropped("abcde", Cleaned.Reason.TOO_LONG));
  }

  @Test
  void reviews_keepMoreThan200Characters() {
    TextCleaner cleaner = new TextCleaner(CleaningSpec.reviews());

    assertThat(cleaner.clean(document("x".repeat(200)))).isInstanceOf(Cleaned.Dropped.class);
    assertThat(cleaner.clean(document("x".repeat(201)))).isInstanceOf(Cleaned.Kept.class);
  }

  @Test
  void markup_withNothingInIt_isDroppedAsEmpty() {
    assertThat(new TextCleaner(HTML).clean(document("<br /><b> </b>")))
        .isEqualTo(dropped("", Cleaned.Reason.EMPTY));
  }

  @Test
  void tally_countsWhatWasReadRefusedAndDropped() {
    TextTally tally = new TextTally();
    tally.add(document("a"));
    tally.add(document("b"));
    tally.add(new BadRow("f", 3, BadRow.Reason.MALFORMED, "d", "raw"));
    tally.add(dropped("a", Cleaned.Reason.TOO_SHORT));
    TextTally other = new TextTally();
    other.add(new BadRow("f", 9, BadRow.Reason.MALFORMED, "d", "raw"));
    assertThatThrownBy(() -> tally.requireKept("some file"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("some file")
        .hasMessageContaining("TOO_SHORT=1");
    tally.add(new Cleaned.Kept(document("b")));
    tally.add(other);

    tally.requireKept("some file");
    assertThat(tally.rows()).isEqualTo(4);
    assertThat(tally.documents()).isEqualTo(2);
    assertThat(tally.badRows()).isEqualTo(2);
    assertThat(tally.bad()).isEqualTo(Map.of(BadRow.Reason.MALFORMED, 2L));
    assertThat(tally.dropped()).isEqualTo(Map.of(Cleaned.Reason.TOO_SHORT, 1L));
    assertThat(tally.kept()).isEqualTo(1);
  }

  @Test
  void spec_boundsTheWrongWayRound_areRefused() {
    assertThatThrownBy(() -> CleaningSpec.asIs().withChars(5, 4))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("min_chars 5 and max_chars 4");
  }

  private static String cleaned(Whitespace whitespace, String text) {
    return new TextCleaner(new CleaningSpec(false, whitespace, 0, 100)).clean(text);
  }

  private static String solid(String text) {
    return text.codePoints()
        .filter(
            c ->
                !Character.isWhitespace(c)
                    && !Character.isSpaceChar(c)
                    && !Character.isISOControl(c))
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static Document document(String text) {
    return new Document("id", "f", 1, text, Map.of());
  }

  private static Cleaned dropped(String text, Cleaned.Reason reason) {
    return new Cleaned.Dropped(document(text), reason);
  }
}
