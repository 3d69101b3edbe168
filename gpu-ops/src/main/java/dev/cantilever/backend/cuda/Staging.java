package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.memory.AddressRange;
import org.bytedeco.javacpp.Pointer;

/**
 * Pinned host memory through which copies go, so that they need not wait for the device: a ring
 * whose pieces are handed out in order, and which waits when it comes round.
 */
final class Staging {

  /** Size of the ring; a larger copy goes in pieces. */
  static final int BYTES = 16 << 20;

  private static final int ALIGNMENT = 64;

  private final CudaDevice device;
  private final Pointer memory;
  private int at;

  Staging(CudaDevice device) {
    this.device = device;
    this.memory = device.allocateHost(BYTES);
  }

  /** Most bytes of one piece: half of the ring, so that filling and copying overlap. */
  static int pieceBytes() {
    return BYTES / 2;
  }

  /** A host address of some bytes that no copy in flight reads. */
  long take(int bytes) {
    if (at + bytes > BYTES) {
      device.synchronize();
      at = 0;
    }
    long address = memory.address() + at;
    at += (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    return address;
  }

  /** Enqueues a copy from a piece. */
  void send(long target, long piece, int bytes) {
    device.copyFromHost(target, new AddressRange(piece, bytes), bytes);
  }

  /**
   * Copies some bytes, at most a piece, from the device and waits.
   *
   * @return where they lie, until a piece is taken again
   */
  long fetch(long source, int bytes) {
    long piece = memory.address(); // the stream has sent what lies there before it brings this
    device.copyToHost(new AddressRange(piece, bytes), source, bytes);
    device.synchronize();
    at = 0; // nothing is in flight any more
    return piece;
  }

  void close() {
    device.freeHost(memory);
  }
}
