package dev.cantilever.backend.cuda;

import dev.cantilever.OpsException;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.KernelLibrary;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.memory.HostMemory;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * What kernels find wrong with values: an index out of range, a number that is not finite.
 *
 * <p>A word of 64 bits on the device, all ones when nothing is wrong. A kernel reports by the
 * atomic minimum with {@code call·2⁵⁶ + row·2³² + value}, where {@code call} is what {@link
 * #expect} gave and {@code value} the bits found; so the first call and its first row are what
 * stays, whichever thread came first. The word is looked at whenever the host waits for the device.
 *
 * <p>A recording has its calls' numbers in its launches, so it begins at 0 and is alone: what is
 * expected before it runs is waited for first. It may be run again without waiting: each run ends
 * by {@link #hold}, so that what it found stays in a second word, before anything that a later run
 * of the same calls reports.
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

  static final KernelSource KERNELS = KernelSource.of(Faults.class, "faults.cu");

  /** Of the two words: what was reported, and what is held. */
  static final long BYTES = 2L * Long.BYTES;

  /** In a word where nothing is wrong. */
  private static final long NOTHING = -1;

  private static final int MOST_CALLS = 255;
  private static final int ROW_BITS = 24;

  private final CudaDevice device;
  private final KernelLibrary kernels;
  private final long word;
  private final Pointer host;
  private final List<Report> expected = new ArrayList<>();
  private @Nullable List<Report> recorded; // by the recording that is being captured

  /**
   * Makes the words.
   *
   * @param word device address of {@link #BYTES}
   */
  Faults(CudaDevice device, KernelLibrary kernels, long word) {
    this.device = device;
    this.kernels = kernels;
    this.word = word;
    this.host = device.allocateHost(BYTES);
    forget();
  }

  private void forget() {
    device.fill(word, 0xff, BYTES);
  }

  /** Device address of the word, a kernel's {@code unsigned long long*} parameter. */
  long word() {
    return word;
  }

  /** Registers a call that may report; the number is for the kernel. */
  int expect(Report report) {
    List<Report> calls = recorded == null ? expected : recorded;
    if (calls.size() == MOST_CALLS) {
      if (recorded != null) {
        throw new IllegalStateException(
            "Expected at most %d operations that check values in a recording, found more. Record fewer."
                .formatted(MOST_CALLS));
      }
      check();
    }
    calls.add(report);
    return calls.size() - 1;
  }

  /** From now on calls are those of a recording, numbered from 0, until {@link #endRecording}. */
  void beginRecording() {
    recorded = new ArrayList<>();
  }

  /** The calls since {@link #beginRecording}, none of which has been run. */
  List<Report> endRecording() {
    List<Report> calls = recorded == null ? List.of() : List.copyOf(recorded);
    recorded = null;
    return calls;
  }

  /**
   * Registers the calls of a recording that is about to be run. If they are what is expected
   * already, it was run before and nothing since: then nothing is waited for.
   */
  void expectAgain(List<Report> calls) {
    if (!expected.equals(calls)) {
      if (!expected.isEmpty()) {
        check();
      }
      expected.addAll(calls);
    }
  }

  /** Enqueues the end of a run of a recording: what was found so far stays found. */
  void hold() {
    kernels.kernel(KERNELS, "hold_fault").with().pointer(word).pointer(word + Long.BYTES).run(1, 1);
  }

  /** Waits for the device and throws what was reported first, if anything was. */
  void check() {
    fetch();
    device.synchronize();
    settle();
  }

  /** Enqueues bringing the words to the host, for whoever waits for something else anyway. */
  void fetch() {
    if (!expected.isEmpty()) {
      device.copyToHost(host, word, BYTES);
    }
  }

  /** Throws what the words say that were brought and waited for since {@link #fetch}. */
  void settle() {
    if (expected.isEmpty()) {
      return;
    }
    long held = HostMemory.getLong(host.address() + Long.BYTES);
    long found = held == NOTHING ? HostMemory.getLong(host.address()) : held;
    if (found == NOTHING) {
      expected.clear();
      return;
    }
    Report report = expected.get((int) (found >>> 56));
    expected.clear();
    forget();
    throw report.exception((int) (found >>> 32) & (1 << ROW_BITS) - 1, (int) found);
  }

  void close() {
    device.freeHost(host);
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
