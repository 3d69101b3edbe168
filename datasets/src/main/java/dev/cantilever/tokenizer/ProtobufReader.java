package dev.cantilever.tokenizer;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The fields of a message in protobuf's wire format, one after the other. Nothing is allocated but
 * what the bytes hold.
 *
 * @see <a href="https://protobuf.dev/programming-guides/encoding/">the format</a>
 */
final class ProtobufReader {

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  /** The bytes are no such message. */
  static final class MalformedException extends Exception {

    private static final long serialVersionUID = 1L;

    MalformedException(String found) {
      super(found);
    }
  }

  private final ByteBuffer message;
  private int field;
  private int type;

  ProtobufReader(ByteBuffer message) {
    this.message = message.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Goes to the next field, whose value must be read or skipped; false where there is none. */
  boolean next() throws MalformedException {
    if (!message.hasRemaining()) {
      return false;
    }
    long tag = varint();
    field = (int) Math.min(tag >>> 3, Integer.MAX_VALUE);
    type = (int) (tag & 7);
    return true;
  }

  /** The number of the field. */
  int field() {
    return field;
  }

  /** A number, a truth value or an enumeration. */
  long number() throws MalformedException {
    require(VARINT);
    return varint();
  }

  float real() throws MalformedException {
    require(FIXED32);
    return Float.intBitsToFloat(take(Integer.BYTES).getInt());
  }

  /** Bytes, or a message. */
  ByteBuffer bytes() throws MalformedException {
    require(BYTES);
    return take(varint());
  }

  String text() throws MalformedException {
    return StandardCharsets.UTF_8.decode(bytes()).toString();
  }

  void skip() throws MalformedException {
    switch (type) {
      case VARINT -> varint();
      case FIXED64 -> take(Long.BYTES);
      case BYTES -> take(varint());
      case FIXED32 -> take(Integer.BYTES);
      default -> throw new MalformedException("a field of wire type " + type);
    }
  }

  private void require(int expected) throws MalformedException {
    if (type != expected) {
      throw new MalformedException("field " + field + " of wire type " + type);
    }
  }

  private ByteBuffer take(long count) throws MalformedException {
    if (count < 0 || count > message.remaining()) {
      throw new MalformedException("a value that ends behind the file");
    }
    ByteBuffer taken =
        message.slice(message.position(), (int) count).order(ByteOrder.LITTLE_ENDIAN);
    message.position(message.position() + (int) count);
    return taken;
  }

  private long varint() throws MalformedException {
    long value = 0;
    try {
      for (int shift = 0; shift < Long.SIZE; shift += 7) {
        byte next = message.get();
        value |= (long) (next & 0x7f) << shift;
        if (next >= 0) {
          return value;
        }
      }
    } catch (BufferUnderflowException e) {
      throw new MalformedException("a number that ends behind the file");
    }
    throw new MalformedException("a number of more than 64 bits");
  }
}
