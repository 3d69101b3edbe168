package dev.cantilever.recipe;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A spec with a component of every kind, package-private as stages' may be. */
record SampleSpec(
    int blockSize,
    double lr,
    boolean whiten,
    String label,
    Path model,
    Mode mode,
    ByteSize budget,
    List<String> targets,
    Kl kl,
    Optional<Double> targetKl,
    Optional<Extra> extra) {

  SampleSpec {
    if (blockSize % 8 != 0) {
      throw new IllegalArgumentException(
          "block_size: expected a multiple of 8, got " + blockSize + "; use 128");
    }
  }

  enum Mode {
    WEIGHT_ONLY,
    LLM_INT8
  }

  record Kl(double initCoef, boolean adaptive) {}

  record Extra(int depth, long seed) {}

  static SampleSpec defaults() {
    return new SampleSpec(
        128,
        3e-4,
        true,
        "POSITIVE",
        Path.of("model dir"),
        Mode.WEIGHT_ONLY,
        ByteSize.ofGib(24),
        List.of("query_key_value"),
        new Kl(0.1, false),
        Optional.of(6.0),
        Optional.empty());
  }

  static RecipeSchema schema() {
    return RecipeSchema.empty().section("sample", defaults());
  }
}
