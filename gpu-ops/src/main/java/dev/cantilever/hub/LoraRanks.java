package dev.cantilever.hub;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Rank and scale of the branches, module by module: peft's {@code r}, {@code lora_alpha}, {@code
 * use_rslora}, {@code rank_pattern} and {@code alpha_pattern}.
 *
 * @param r the rank where no pattern says another, in 1..65,536
 * @param loraAlpha the numerator of the scale where no pattern says another, above 0
 * @param useRslora whether the scale is {@code alpha / sqrt(r)} instead of {@code alpha / r}
 * @param rankPattern ranks by a regular expression for the end of a module's path, from a dot on or
 *     whole; the first that matches counts, in the order of the file
 * @param alphaPattern numerators, likewise
 */
public record LoraRanks(
    int r,
    double loraAlpha,
    boolean useRslora,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern) {

  /** Beyond the width of any layer, and small enough that a matrix can be addressed. */
  private static final int LARGEST = 65_536;

  public LoraRanks {
    rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
    alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
    requireRank("r", r);
    requireAlpha("lora_alpha", loraAlpha);
    rankPattern.forEach((pattern, rank) -> requireRank("rank_pattern' of '" + pattern, rank));
    alphaPattern.forEach((pattern, alpha) -> requireAlpha("alpha_pattern' of '" + pattern, alpha));
    rankPattern.keySet().forEach(pattern -> ModulePattern.ofEnd("rank_pattern", pattern));
    alphaPattern.keySet().forEach(pattern -> ModulePattern.ofEnd("alpha_pattern", pattern));
  }

  /** The same rank and the scale {@code alpha / r} everywhere. */
  public static LoraRanks of(int r, double loraAlpha) {
    return new LoraRanks(r, loraAlpha, false, Map.of(), Map.of());
  }

  /** The rank of a module's branch. */
  public int rank(String modulePath) {
    return first("rank_pattern", rankPattern, modulePath, r);
  }

  /** The factor of {@code B A x}: {@code alpha / r}, or {@code alpha / sqrt(r)} with rslora. */
  public double scale(String modulePath) {
    double alpha = first("alpha_pattern", alphaPattern, modulePath, loraAlpha);
    int rank = rank(modulePath);
    return alpha / (useRslora ? Math.sqrt(rank) : rank);
  }

  /** Twice the ranks and the same scales: of a branch beside which its beginning is subtracted. */
  LoraRanks doubled() {
    double factor = useRslora ? Math.sqrt(2) : 2;
    Map<String, Integer> ranks = new LinkedHashMap<>();
    rankPattern.forEach((pattern, rank) -> ranks.put(pattern, 2 * rank));
    Map<String, Double> alphas = new LinkedHashMap<>();
    alphaPattern.forEach((pattern, alpha) -> alphas.put(pattern, factor * alpha));
    return new LoraRanks(2 * r, factor * loraAlpha, useRslora, ranks, alphas);
  }

  private static <T> T first(String key, Map<String, T> patterns, String modulePath, T otherwise) {
    for (Map.Entry<String, T> entry : patterns.entrySet()) {
      ModulePattern pattern = ModulePattern.ofEnd(key, entry.getKey());
      if (pattern.matches(modulePath) || pattern.matches(HeadNames.earlier(modulePath))) {
        return entry.getValue();
      }
    }
    return otherwise;
  }

  private static void requireRank(String key, int rank) {
    if (rank < 1 || rank > LARGEST) {
      throw new CheckpointException(
          "Expected '%s' in 1..%d, found %d. Correct the adapter's settings."
              .formatted(key, LARGEST, rank));
    }
  }

  private static void requireAlpha(String key, double alpha) {
    if (!(alpha > 0) || Double.isInfinite(alpha)) {
      throw new CheckpointException(
          "Expected '%s' above 0, found %s. Correct the adapter's settings.".formatted(key, alpha));
    }
  }
}
