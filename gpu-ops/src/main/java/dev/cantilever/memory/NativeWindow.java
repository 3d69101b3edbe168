package dev.cantilever.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;

/** A range of host memory seen as a little-endian buffer; owns nothing and frees nothing. */
public final class NativeWindow {

  private NativeWindow() {}

  /** The {@code bytes} bytes at {@code address}, which must stay valid while the buffer is used. */
  public static ByteBuffer of(long address, int bytes) {
    if (bytes == 0) {
      return ByteBuffer.allocate(0);
    }
    return new BytePointer(new AddressRange(address, bytes))
        .asByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
