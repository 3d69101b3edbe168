package dev.cantilever.host;

import dev.cantilever.backend.BackendKind;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** The models of this process, one host per kind of device. */
public final class ModelHost {

  private static final Map<BackendKind, ModelHost> HOSTS = new EnumMap<>(BackendKind.class);

  private static volatile LoadWatcher watcher = LoadWatcher.none();

  private final ReentrantLock turn = new ReentrantLock(true);
  private volatile String holder = "";
  private @Nullable LoadedDevice device; // guarded by turn

  private ModelHost() {}

  private static ModelHost of(BackendKind kind) {
    synchronized (HOSTS) {
      return HOSTS.computeIfAbsent(kind, unused -> new ModelHost());
    }
  }

  /**
   * Waits for the device and takes it. Turns are given in the order of asking. A device that is
   * open with another budget or int8 mode is closed, with its models, and opened anew.
   *
   * @param stage who asks, for messages
   * @return the lease, to be closed by the same thread before it emits anything
   * @throws IllegalStateException if this thread already holds a lease of that device
   * @throws InterruptedException if the thread is interrupted while it waits
   * @throws dev.cantilever.backend.DeviceException if the device is not there
   */
  public static ModelLease lease(DeviceSpec spec, String stage) throws InterruptedException {
    return lease(spec, stage, nanoseconds -> {});
  }

  /**
   * As above, for whoever counts how long the device works for it.
   *
   * @param held told when the lease is returned, on the thread that returns it, for how many
   *     nanoseconds it was held: what is loaded under it counts, the wait for it does not
   */
  public static ModelLease lease(DeviceSpec spec, String stage, LongConsumer held)
      throws InterruptedException {
    return of(spec.backend()).take(spec, stage, held);
  }

  /** Has the loads of this process watched from now on, by nobody else. */
  public static void watchLoads(LoadWatcher by) {
    watcher = by;
  }

  static LoadWatcher watcher() {
    return watcher;
  }

  private ModelLease take(DeviceSpec spec, String stage, LongConsumer held)
      throws InterruptedException {
    if (turn.isHeldByCurrentThread()) {
      throw new IllegalStateException(
          "Expected '"
              + holder
              + "' to return its lease before '"
              + stage
              + "' asks for the device on the same thread, found it held;"
              + " a DoFn closes its lease first and emits then.");
    }
    turn.lockInterruptibly();
    long began = System.nanoTime();
    try {
      holder = stage;
      LoadedDevice open = device;
      if (open != null && !open.spec().equals(spec)) {
        device = null;
        open.close();
        open = null;
      }
      if (open == null) {
        open = new LoadedDevice(spec);
        device = open;
      }
      return new ModelLease(
          open,
          stage,
          () -> {
            long ended = System.nanoTime();
            giveBack();
            held.accept(ended - began);
          });
    } catch (RuntimeException | Error e) {
      giveBack();
      throw e;
    }
  }

  private void giveBack() {
    holder = "";
    turn.unlock();
  }

  /**
   * What was taken of a device since it was opened as specified, waiting for a lease that runs;
   * nothing where this process does not have it open like that.
   */
  public static Optional<DeviceMemory> memory(DeviceSpec spec) {
    return of(spec.backend()).read(spec);
  }

  private Optional<DeviceMemory> read(DeviceSpec spec) {
    turn.lock();
    try {
      LoadedDevice open = device;
      return open != null && open.spec().equals(spec)
          ? Optional.of(
              new DeviceMemory(open.backend().budget().report(), open.backend().driverReading()))
          : Optional.empty();
    } finally {
      turn.unlock();
    }
  }

  /**
   * Closes every device with its models, waiting for leases that run. The next lease loads again.
   */
  public static void unload() {
    synchronized (HOSTS) {
      HOSTS.values().forEach(ModelHost::close);
    }
  }

  private void close() {
    turn.lock();
    try {
      if (device != null) {
        device.close();
        device = null;
      }
    } finally {
      turn.unlock();
    }
  }
}
