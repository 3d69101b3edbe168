package dev.cantilever.hub;

import java.util.List;
import java.util.Set;

/**
 * What a conversion wrote.
 *
 * @param tensors how many
 * @param bytes of them
 * @param files of weights
 * @param tied names that were left out because loading ties them to another
 * @param companions names of the other files
 */
public record ConversionSummary(
    int tensors, long bytes, int files, List<String> tied, Set<String> companions) {

  /** Copies the collections. */
  public ConversionSummary {
    tied = List.copyOf(tied);
    companions = Set.copyOf(companions);
  }
}
