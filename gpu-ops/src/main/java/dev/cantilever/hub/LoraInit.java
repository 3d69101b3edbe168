package dev.cantilever.hub;

import java.util.Locale;
import java.util.Optional;

/**
 * How fresh matrices begin: peft's {@code init_lora_weights}.
 *
 * @param scheme the kind
 * @param iterations of {@link Scheme#PISSA}: 0 for as many as it takes
 */
public record LoraInit(Scheme scheme, int iterations) {

  /** The kinds. */
  public enum Scheme {
    /** A uniform in ±1/√in, B zero: {@code true}. */
    DEFAULT("true"),
    /** A and B both uniform, in ±1/√in and ±1/√r: {@code false}. */
    RANDOM("false"),
    /** A normal with deviation 1/r, B zero. */
    GAUSSIAN("gaussian"),
    /** A and B orthogonal to each other; read only. */
    ORTHOGONAL("orthogonal"),
    /** A from the activations of data, B zero; read only. */
    EVA("eva"),
    /**
     * B·A is the base's part of the largest singular values, which is taken off the base (Meng et
     * al. 2024).
     */
    PISSA("pissa"),
    /** B·A is from the base's QR decomposition and taken off the base (Büyükakyüz 2024). */
    OLORA("olora");

    private final String text;

    Scheme(String text) {
      this.text = text;
    }
  }

  /** peft's default. */
  public static final LoraInit DEFAULT = new LoraInit(Scheme.DEFAULT, 0);

  private static final String NITER = "pissa_niter_";

  public LoraInit {
    if (iterations < 0 || (iterations > 0 && scheme != Scheme.PISSA)) {
      throw new CheckpointException(
          "Expected iterations of pissa from 0 on, found %d of %s. Correct it."
              .formatted(iterations, scheme));
    }
  }

  /** The initialisation of this name, as in the file, if it is one of ours. */
  public static Optional<LoraInit> of(String text) {
    String name = text.toLowerCase(Locale.ROOT);
    if (name.matches(NITER + "[1-9]\\d{0,3}")) {
      return Optional.of(
          new LoraInit(Scheme.PISSA, Integer.parseInt(name.substring(NITER.length()))));
    }
    for (Scheme scheme : Scheme.values()) {
      if (scheme.text.equals(name)) {
        return Optional.of(new LoraInit(scheme, 0));
      }
    }
    return Optional.empty();
  }

  /** As in the file, where {@code true} and {@code false} stand without quotes. */
  public String text() {
    return iterations > 0 ? NITER + iterations : scheme.text;
  }

  /** Whether B·A at the beginning is taken off the base. */
  public boolean changesBase() {
    return scheme == Scheme.PISSA || scheme == Scheme.OLORA;
  }

  /** Whether a fresh adapter changes nothing, bit for bit, because B is zero. */
  public boolean isIdentity() {
    return scheme == Scheme.DEFAULT || scheme == Scheme.GAUSSIAN;
  }
}
