package dev.cantilever.backend.cuda;

import dev.cantilever.backend.HostSource;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.CudaEvent;
import dev.cantilever.memory.AddressRange;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.bytedeco.javacpp.Pointer;

/**
 * Brings what a {@link HostSource} has to the device: a ring of pinned pieces, which a few threads
 * fill while the device copies those that were filled before. A piece is filled again once the
 * device is past its copy, in this upload or a later one; so kernels between two uploads overlap
 * with the reading too.
 *
 * <p>The readers touch host memory only; everything of the device is called by the one thread that
 * uploads.
 */
final class ReadAhead implements AutoCloseable {

  /** Bytes read at once: large for a system call, small for the first copy to begin soon. */
  static final int PIECE_BYTES = 4 << 20;

  /** Pieces of the ring. */
  static final int PIECES = 8;

  /** Pieces that are being read or wait for a reader; the others are being copied. */
  private static final int AHEAD = 6;

  /** A thread copies out of the page cache more slowly than a bus takes it. */
  private static final int READERS = 4;

  /** A part of an upload on its way to its piece. */
  private record Part(int piece, long offset, int bytes, CompletableFuture<Void> read) {}

  private final CudaDevice device;
  private final Pointer memory;
  private final List<CudaEvent> copied = new ArrayList<>();
  private final ExecutorService readers =
      Executors.newFixedThreadPool(READERS, ReadAhead::reader); // none is started before it is used
  private int next;

  ReadAhead(CudaDevice device) {
    this.device = device;
    this.memory = device.allocateHost((long) PIECES * PIECE_BYTES);
    for (int piece = 0; piece < PIECES; piece++) {
      copied.add(new CudaEvent(device));
    }
  }

  private static Thread reader(Runnable work) {
    Thread thread = new Thread(work, "cantilever-reader");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Reads so many bytes and enqueues their copies; see {@link HostSource} for what it may throw.
   */
  void upload(long target, long bytes, HostSource source) throws IOException {
    Deque<Part> reading = new ArrayDeque<>();
    try {
      for (long offset = 0; offset < bytes; offset += PIECE_BYTES) {
        if (reading.size() == AHEAD) {
          copyFirst(target, reading);
        }
        reading.add(read(source, offset, (int) Math.min(PIECE_BYTES, bytes - offset)));
      }
      while (!reading.isEmpty()) {
        copyFirst(target, reading);
      }
    } finally {
      settle(reading);
    }
  }

  private Part read(HostSource source, long offset, int bytes) {
    int piece = next;
    next = (next + 1) % PIECES;
    copied.get(piece).await();
    CompletableFuture<Void> read = new CompletableFuture<>();
    readers.execute(
        () -> {
          try {
            source.read(offset, bytes, address(piece));
            read.complete(null);
          } catch (Throwable e) { // thrown where it is waited for
            read.completeExceptionally(e);
          }
        });
    return new Part(piece, offset, bytes, read);
  }

  /** Copies the oldest part; it stays in the queue where it could not be read. */
  private void copyFirst(long target, Deque<Part> reading) throws IOException {
    Part part = reading.element();
    await(part.read());
    reading.remove();
    device.copyFromHost(
        target + part.offset(),
        new AddressRange(address(part.piece()), part.bytes()),
        part.bytes());
    copied.get(part.piece()).record();
  }

  private static void await(CompletableFuture<Void> read) throws IOException {
    try {
      read.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof IOException failure) {
        throw failure;
      }
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      if (cause instanceof Error failure) {
        throw failure;
      }
      throw e;
    }
  }

  /** After a failure: no reader may write to a piece any more when the next upload begins. */
  private static void settle(Deque<Part> reading) {
    for (Part part : reading) {
      part.read().handle((done, failure) -> done).join();
    }
  }

  private long address(int piece) {
    return memory.address() + (long) piece * PIECE_BYTES;
  }

  /** Ends the threads and frees the pieces; the device must be idle. */
  @Override
  public void close() {
    readers.shutdown();
    copied.forEach(CudaEvent::close);
    device.freeHost(memory);
  }
}
