package dev.cantilever.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.junit.jupiter.api.Test;

class CsvRecordReaderTest {

  @Property(seed = "1")
  void records_thatCommonsCsvWrote_areCutWhereItWroteThem(
      @ForAll @NotEmpty
          List<
                  @Size(min = 2, max = 3) List<
                      @StringLength(max = 6) @Chars({'a', '"', ',', '\n', '\r', ' '}) String>>
              rows)
      throws IOException {
    StringWriter all = new StringWriter();
    List<String> expected = new ArrayList<>();
    for (List<String> row : rows) {
      StringWriter one = new StringWriter();
      try (CSVPrinter printer = new CSVPrinter(one, CSVFormat.RFC4180)) {
        printer.printRecord(row);
      }
      all.append(one.toString());
      expected.add(one.toString().substring(0, one.toString().length() - 2));
    }

    assertThat(all(all.toString(), 1_000))
        .extracting(CsvRecordReader.RawRecord::text)
        .isEqualTo(expected);
  }

  @Test
  void record_tooLong_isCutAndTheNextIsWhole() throws IOException {
    assertThat(all("\"a\nb\nc\",d\nnext\n", 4))
        .containsExactly(
            new CsvRecordReader.RawRecord(1, 3, "\"a\nb", true, false),
            new CsvRecordReader.RawRecord(4, 1, "next", false, false));
  }

  @Test
  void quote_neverClosed_isReportedAtTheEnd() throws IOException {
    assertThat(all("a\n\"b\nc", 100))
        .containsExactly(
            new CsvRecordReader.RawRecord(1, 1, "a", false, false),
            new CsvRecordReader.RawRecord(2, 2, "\"b\nc", false, true));
  }

  private static List<CsvRecordReader.RawRecord> all(String content, int maxChars)
      throws IOException {
    CsvRecordReader reader = new CsvRecordReader(new StringReader(content), maxChars);
    List<CsvRecordReader.RawRecord> records = new ArrayList<>();
    for (var raw = reader.next(); raw.isPresent(); raw = reader.next()) {
      records.add(raw.get());
    }
    return records;
  }
}
