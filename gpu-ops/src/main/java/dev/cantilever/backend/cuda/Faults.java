package dev.cantilever.backend.cuda;

import dev.cantilever.OpsException;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.memory.HostMemory;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * What kernels find wrong with values: an index out of range, a number that is not finite.
 *
 * <p>One word of 64 bits on the device, all ones when nothing is wrong. A kernel reports by the
 * atomic minimum with {@code call·2⁵⁶ + row·2³² + value}, where {@code call} is what {@link
 * #expect} gave and {@code value} the bits found; so the first call and its first row are what
 * stays, whichever thread came first. The word is looked at whenever the host waits for the device.
 *
 * <p>A recording has its calls' numbers in its launches, so it begins at 0 and is alone: what is
 * expected before it is waited for first.
 */
final class Faults {

  /** Makes the exception of a fault. */
  @FunctionalInterface
  interface Report {

    /**
     * The exception.
     *
     * @param row first row that is wrong
     * @param value what was found there, 32 bits
     */
    OpsException exception(int row, int value);
  }

  private static final int MOST_CALLS = 255;
  private static final int ROW_BITS = 24;

  private final CudaDevice device;
  private final long word;
  private final Pointer host;
  private final List<Report> expected = new ArrayList<>();
  private boolean recording;

  /**
   * Makes the word.
   *
   * @param word device address of 8 bytes
   */
  Faults(CudaDevice device, long word) {
    this.device = device;
    this.word = word;
    this.host = device.allocateHost(Long.BYTES);
    device.fill(word, 0xff, Long.BYTES);
  }

  /** Device address of the word, a kernel's {@code unsigned long long*} parameter. */
  long word() {
    return word;
  }

  /** Registers a call that may report; the number is for the kernel. */
  int expect(Report report) {
    if (expected.size() == MOST_CALLS) {
      if (recording) {
        throw new IllegalStateException(
            "Expected at most %d operations that check values in a recording, found more. Record fewer."
                .formatted(MOST_CALLS));
      }
      check();
    }
    expected.add(report);
    return expected.size() - 1;
  }

  /** From now on calls are those of a recording, numbered from 0, until {@link #endRecording}. */
  void beginRecording() {
    settleOthers();
    recording = true;
  }

  /** The calls since {@link #beginRecording}, none of which has been run. */
  List<Report> endRecording() {
    recording = false;
    List<Report> calls = List.copyOf(expected);
    expected.clear();
    return calls;
  }

  /** Registers the calls of a recording that is about to be run. */
  void expectAgain(List<Report> calls) {
    settleOthers();
    expected.addAll(calls);
  }

  private void settleOthers() {
    if (!expected.isEmpty()) {
      check();
    }
  }

  /** Waits for the device and throws what was reported first, if anything was. */
  void check() {
    fetch();
    device.synchronize();
    settle();
  }

  /** Enqueues bringing the word to the host, for whoever waits for something else anyway. */
  void fetch() {
    if (!expected.isEmpty()) {
      device.copyToHost(host, word, Long.BYTES);
    }
  }

  /** Throws what the word says that was brought and waited for since {@link #fetch}. */
  void settle() {
    if (expected.isEmpty()) {
      return;
    }
    long found = HostMemory.getLong(host.address());
    if (found == -1) {
      expected.clear();
      return;
    }
    Report report = expected.get((int) (found >>> 56));
    expected.clear();
    device.fill(word, 0xff, Long.BYTES);
    throw report.exception((int) (found >>> 32) & (1 << ROW_BITS) - 1, (int) found);
  }

  void close() {
    device.freeHost(host);
  }
}
