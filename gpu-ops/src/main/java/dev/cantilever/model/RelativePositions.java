package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.hub.PlainStorage;
import dev.cantilever.nn.LayerNorm;
import dev.cantilever.nn.PositionTerms;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The relative positions of a model as its layers take them.
 *
 * @param spec their description
 * @param names where they stand in the checkpoint
 * @param attention of every layer
 * @param embeddings [P, C] F32
 * @param places [2·M + 1] I32
 */
record RelativePositions(
    RelativeSpec spec,
    RelativeNames names,
    AttentionSpec attention,
    Tensor embeddings,
    Tensor places) {

  /** Loads what all layers have in common; the norm is that of the description's blocks. */
  static RelativePositions load(
      WeightLoader weights, Architecture architecture, CheckpointNames checkpoint)
      throws IOException {
    RelativeSpec spec = architecture.relative().orElseThrow();
    RelativeNames names = checkpoint.relative().orElseThrow();
    int size = architecture.hiddenSize();
    Tensor embeddings = weights.widened(weights.table(names.table(), spec.rows(), size));
    if (spec.norm()) {
      LayerNorm norm =
          new LayerNorm(
              weights.normScale(names.norm(), size),
              weights.shift(names.norm(), size),
              architecture.block().norm().eps(),
              Optional.empty());
      embeddings = weights.normalized(embeddings, norm);
    }
    return new RelativePositions(
        spec, names, architecture.block().attention(), embeddings, weights.indices(spec.places()));
  }

  /** Whether positions are projected as tokens are. */
  boolean sharesProjections() {
    return spec.shared();
  }

  /**
   * What they add to a layer.
   *
   * @param qkv the layer's fused projection of tokens, [3·H·D, C]
   */
  PositionTerms terms(WeightLoader weights, int layer, Weight qkv) throws IOException {
    return spec.shared()
        ? terms(qkv, attention.keyOffset(0), attention.queryOffset(0))
        : ownTerms(weights, layer);
  }

  private PositionTerms ownTerms(WeightLoader weights, int layer) throws IOException {
    int size = attention.outputSize();
    List<LinearPart> parts = new ArrayList<>();
    if (spec.queriesToPositions()) {
      parts.add(new LinearPart(names.keys().apply(layer), size, new PlainStorage()));
    }
    int queries = size * parts.size();
    if (spec.keysToPositions()) {
      parts.add(new LinearPart(names.queries().apply(layer), size, new PlainStorage()));
    }
    int width = embeddings.size(1);
    return terms(weights.linear(parts, width, true, WeightRole.PROJECTION), 0, queries);
  }

  private PositionTerms terms(Weight projection, int keys, int queries) {
    DisentangledSpec terms =
        new DisentangledSpec(
            attention.heads(),
            attention.headSize(),
            attention.scale(),
            spec.queriesToPositions() ? OptionalInt.of(keys) : OptionalInt.empty(),
            spec.keysToPositions() ? OptionalInt.of(queries) : OptionalInt.empty());
    return new PositionTerms(embeddings, places, projection, terms);
  }
}
