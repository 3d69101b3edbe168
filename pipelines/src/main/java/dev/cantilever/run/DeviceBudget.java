package dev.cantilever.run;

import com.sun.management.OperatingSystemMXBean;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.recipe.ByteSize;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * A ceiling of device memory.
 *
 * @param bytes what the process may take of the device, everything counted
 * @param origin how it came about, to be said after the number
 */
public record DeviceBudget(long bytes, String origin) {

  /** What is left to others of a card that has so much free: a display, a monitor's context. */
  private static final long MARGIN_BYTES = 512L << 20;

  /** The card that this program is made for. */
  private static final long WITHOUT_CARD_BYTES = ByteSize.ofGib(24).bytes();

  private static final long LEAST_OF_MACHINE_BYTES = ByteSize.ofGib(1).bytes();

  static DeviceBudget given(ByteSize size) {
    return new DeviceBudget(size.bytes(), "as given");
  }

  /** The ceiling where none is given. */
  static DeviceBudget otherwise(BackendKind device) {
    return switch (device) {
      case CPU -> ofMachine(machineBytes());
      case CUDA -> ofCard(FreeMemory.ofCard());
    };
  }

  /**
   * Half of the memory that the machine, or the container around this process, has, and at least 1
   * GiB: the other half is for the JVM's own heap, files in the page cache and other programs.
   */
  static DeviceBudget ofMachine(long machineBytes) {
    return new DeviceBudget(
        Math.max(LEAST_OF_MACHINE_BYTES, machineBytes / 2), "half of this machine's memory");
  }

  /** What a card has free, less a margin; where there is no card, 24 GiB. */
  static DeviceBudget ofCard(OptionalLong freeBytes) {
    return freeBytes.isPresent()
        ? new DeviceBudget(
            Math.max(1, freeBytes.getAsLong() - MARGIN_BYTES),
            "what the card has free, less " + new ByteSize(MARGIN_BYTES))
        : new DeviceBudget(
            WITHOUT_CARD_BYTES, "for want of a card that could be asked: no CUDA device is here");
  }

  private static long machineBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.1f GiB, %s", bytes / (double) (1 << 30), origin);
  }

  /**
   * What the card had free when this process first asked: later it would find its own reservation
   * gone, and one run would have several budgets.
   */
  private static final class FreeMemory {
    private static boolean asked;
    private static OptionalLong first = OptionalLong.empty();

    static synchronized OptionalLong ofCard() {
      if (!asked) {
        first = Backends.cudaFreeBytes();
        asked = true;
      }
      return first;
    }
  }
}
