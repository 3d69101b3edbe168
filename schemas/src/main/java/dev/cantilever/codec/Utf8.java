package dev.cantilever.codec;

import dev.cantilever.row.SchemaException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** UTF-8 both ways; what does not translate is refused, where the JDK would put a question mark. */
final class Utf8 {

  private Utf8() {}

  static byte[] encode(String column, String text) {
    try {
      // A fresh encoder reports malformed input.
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] array = new byte[bytes.remaining()];
      bytes.get(array);
      return array;
    } catch (CharacterCodingException e) {
      throw new SchemaException(
          "Column '"
              + column
              + "': expected whole Unicode characters, found half of a surrogate pair."
              + " Clean the text before it becomes a row.",
          e);
    }
  }

  static String decode(String column, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new SchemaException(
          "Column '"
              + column
              + "': expected UTF-8, found other bytes."
              + " Convert the text to UTF-8 and write the file again.",
          e);
    }
  }
}
