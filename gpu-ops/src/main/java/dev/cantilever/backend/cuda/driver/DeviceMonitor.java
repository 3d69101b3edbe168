package dev.cantilever.backend.cuda.driver;

import dev.cantilever.backend.DriverReading;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.cuda.global.nvml;
import org.bytedeco.cuda.nvml.nvmlDevice_st;
import org.bytedeco.cuda.nvml.nvmlMemory_t;
import org.bytedeco.cuda.nvml.nvmlProcessInfo_v2_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;

/**
 * What the driver's management library (NVML) says of a card and of this process on it. Where the
 * library is missing, or its list of processes does not have this one (as in a container with
 * process ids of its own), the card as a whole is what is told.
 */
public final class DeviceMonitor implements AutoCloseable {

  private static final int TEXT_BYTES = 96;
  private static final int SPARE_ENTRIES = 8;

  private final CudaDevice device;
  private final Optional<nvmlDevice_st> handle;

  private DeviceMonitor(CudaDevice device, Optional<nvmlDevice_st> handle) {
    this.device = device;
    this.handle = handle;
  }

  /** Finds the card in the library, if there is one; the caller closes the monitor. */
  public static DeviceMonitor of(CudaDevice device) {
    return new DeviceMonitor(device, find(device.uuid()));
  }

  /**
   * Bytes of a card that no process has, without opening it; nothing where the library does not
   * know the card.
   *
   * @param uuid as {@link CudaDevice#identityOf}
   */
  static OptionalLong freeBytes(String uuid) {
    Optional<nvmlDevice_st> card = find(uuid);
    if (card.isEmpty()) {
      return OptionalLong.empty();
    }
    try (nvmlMemory_t memory = new nvmlMemory_t()) {
      return nvml.nvmlDeviceGetMemoryInfo(card.get(), memory) == nvml.NVML_SUCCESS
          ? OptionalLong.of(memory._free())
          : OptionalLong.empty();
    } finally {
      nvml.nvmlShutdown();
    }
  }

  /** The card, if the library has it; then it must be shut down in the end. */
  private static Optional<nvmlDevice_st> find(String uuid) {
    try {
      Loader.load(nvml.class);
      if (nvml.nvmlInit_v2() != nvml.NVML_SUCCESS) {
        return Optional.empty();
      }
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) { // a driver without it is no failure
      return Optional.empty();
    }
    nvmlDevice_st found = new nvmlDevice_st();
    try (BytePointer text = new BytePointer(uuidText(uuid))) {
      if (nvml.nvmlDeviceGetHandleByUUID(text, found) == nvml.NVML_SUCCESS) {
        return Optional.of(found);
      }
    }
    nvml.nvmlShutdown();
    return Optional.empty();
  }

  /** The library's way to write an identity: {@code GPU-8-4-4-4-12} digits. */
  static String uuidText(String digits) {
    return "GPU-"
        + String.join(
            "-",
            digits.substring(0, 8),
            digits.substring(8, 12),
            digits.substring(12, 16),
            digits.substring(16, 20),
            digits.substring(20));
  }

  /** What is so now. */
  public DriverReading read() {
    OptionalLong own = handle.map(DeviceMonitor::ownBytes).orElseGet(OptionalLong::empty);
    CudaDevice.Memory card = device.memory();
    return new DriverReading(
        own.orElse(card.totalBytes() - card.freeBytes()),
        own.isEmpty(),
        handle.map(h -> clock(h, nvml.NVML_CLOCK_SM)).orElse(0),
        handle.map(h -> clock(h, nvml.NVML_CLOCK_MEM)).orElse(0),
        handle.isPresent() ? driverVersion() : "unknown");
  }

  private static OptionalLong ownBytes(nvmlDevice_st card) {
    int[] count = new int[1];
    // Asked without room, it says how many there are; more may come before it is asked again.
    try (nvmlProcessInfo_v2_t none = new nvmlProcessInfo_v2_t()) {
      int status = nvml.nvmlDeviceGetComputeRunningProcesses_v3(card, count, none);
      if (status != nvml.NVML_SUCCESS && status != nvml.NVML_ERROR_INSUFFICIENT_SIZE) {
        return OptionalLong.empty();
      }
    }
    count[0] += SPARE_ENTRIES;
    try (nvmlProcessInfo_v2_t processes = new nvmlProcessInfo_v2_t(count[0])) {
      if (nvml.nvmlDeviceGetComputeRunningProcesses_v3(card, count, processes)
          != nvml.NVML_SUCCESS) {
        return OptionalLong.empty();
      }
      long own = ProcessHandle.current().pid();
      for (int i = 0; i < count[0]; i++) {
        nvmlProcessInfo_v2_t process = processes.getPointer(i);
        // All ones where the driver does not know.
        if (process.pid() == own && process.usedGpuMemory() > 0) {
          return OptionalLong.of(process.usedGpuMemory());
        }
      }
      return OptionalLong.empty();
    }
  }

  private static int clock(nvmlDevice_st card, int which) {
    int[] megahertz = new int[1];
    return nvml.nvmlDeviceGetClockInfo(card, which, megahertz) == nvml.NVML_SUCCESS
        ? megahertz[0]
        : 0;
  }

  private static String driverVersion() {
    byte[] text = new byte[TEXT_BYTES];
    if (nvml.nvmlSystemGetDriverVersion(text, TEXT_BYTES) != nvml.NVML_SUCCESS) {
      return "unknown";
    }
    return new String(text, StandardCharsets.US_ASCII).replace("\0", "");
  }

  /** Lets go of the library. */
  @Override
  public void close() {
    if (handle.isPresent()) {
      nvml.nvmlShutdown();
    }
  }
}
