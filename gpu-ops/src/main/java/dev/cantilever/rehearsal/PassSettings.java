package dev.cantilever.rehearsal;

import dev.cantilever.autograd.KeepPlan;
import java.io.Serializable;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How much is held at once; no setting here changes a result (in int8 mode {@code weight-only}).
 *
 * @param maxRows most rows in the KV cache at once; more wait for their places
 * @param maxTokens most tokens of a pass of scoring or training; more go in turns
 * @param keep what stays from a training pass's forward to its backward
 */
public record PassSettings(int maxRows, int maxTokens, KeepPlan keep) implements Serializable {

  /** Checks the numbers. */
  public PassSettings {
    if (maxRows < 1 || maxTokens < 1) {
      throw new IllegalArgumentException(
          "expected at least 1 row at once and 1 token a pass, found %d and %d; correct the settings"
              .formatted(maxRows, maxTokens));
    }
  }

  /** The kept places by name, in the order of a block, for example {@code "residual, qkv"}. */
  public String keptNames() {
    return keep.kept().stream()
        .sorted()
        .map(slot -> slot.name().toLowerCase(Locale.ROOT).replace('_', ' '))
        .collect(Collectors.joining(", "));
  }

  /** The same with other rows at once. */
  PassSettings withMaxRows(int rows) {
    return new PassSettings(rows, maxTokens, keep);
  }

  /** The same with other passes. */
  PassSettings withPasses(int tokens, KeepPlan kept) {
    return new PassSettings(maxRows, tokens, kept);
  }
}
