package dev.cantilever.text;

import java.util.Map;
import java.util.function.Consumer;

/** The last check that every reader's rows pass on their way out. */
final class ItemSink {

  private final Consumer<? super TextItem> sink;

  ItemSink(Consumer<? super TextItem> sink) {
    this.sink = sink;
  }

  void bad(String source, long row, BadRow.Reason reason, String detail, String raw) {
    sink.accept(new BadRow(source, row, reason, detail, raw));
  }

  /** Hands over a document, or a bad row if its text is blank or not encodable. */
  void document(
      String source, long row, String id, String text, Map<String, String> attributes, String raw) {
    if (!Utf8.isWellFormed(text)) {
      bad(source, row, BadRow.Reason.INVALID_UTF8, "expected UTF-8 text, found broken bytes", raw);
    } else if (text.isBlank()) {
      bad(source, row, BadRow.Reason.EMPTY_TEXT, "expected a text, found only white space", raw);
    } else {
      sink.accept(new Document(id, source, row, text, attributes));
    }
  }

  /** The id of a row without an id column. */
  static String madeId(String source, long row) {
    return source + "#" + row;
  }
}
