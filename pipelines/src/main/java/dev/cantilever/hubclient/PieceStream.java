package dev.cantilever.hubclient;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** The next so many bytes of a stream, which is closed with it. */
final class PieceStream extends FilterInputStream {

  private long left;

  PieceStream(InputStream in, long length) {
    super(in);
    this.left = length;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (left == 0 && length > 0) {
      return -1;
    }
    int n = super.read(bytes, offset, (int) Math.min(length, left));
    left -= Math.max(0, n);
    return n;
  }
}
