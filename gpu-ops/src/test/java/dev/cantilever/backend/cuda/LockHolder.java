package dev.cantilever.backend.cuda;

import dev.cantilever.backend.DeviceException;
import java.io.IOException;
import java.nio.file.Path;

/** A process that takes a lock, says so, and holds it until its input ends. */
final class LockHolder {

  static final String TAKEN = "taken";

  private LockHolder() {}

  /**
   * Runs it.
   *
   * @param arguments the folder and the identity
   */
  public static void main(String[] arguments) throws IOException {
    try (DeviceLock lock = DeviceLock.take(Path.of(arguments[0]), arguments[1])) {
      System.out.println(TAKEN);
      System.in.transferTo(System.out);
    } catch (DeviceException e) {
      System.out.println(e.getMessage());
    }
  }
}
