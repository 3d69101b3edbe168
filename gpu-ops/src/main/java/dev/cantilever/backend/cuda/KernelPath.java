package dev.cantilever.backend.cuda;

import java.util.Arrays;
import java.util.Locale;

/** Which kernels a card runs where it has a choice. */
public enum KernelPath {
  /** Those that use what the card's generation has. */
  BEST,
  /** Those that every supported generation runs, for comparison. */
  GENERAL;

  /**
   * System property that names the path of a process: {@code best}, the default, or {@code
   * general}.
   */
  public static final String PROPERTY = "cantilever.cuda.kernels";

  /** The path that the system property names. */
  public static KernelPath chosen() {
    String name = System.getProperty(PROPERTY, "best");
    return Arrays.stream(values())
        .filter(path -> path.name().toLowerCase(Locale.ROOT).equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Expected -D%s=best or general, got %s.".formatted(PROPERTY, name)));
  }
}
