package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;

/**
 * Gemma 2 (transformers: {@code modeling_gemma2}): Gemma with norms also of what attention and MLP
 * add, scores scaled by a number of its own, caps of scores and logits, and a window in every other
 * layer.
 */
final class Gemma2Family implements ArchitectureFamily {

  private static final String SCORE_CAP = "attn_logit_softcapping";
  private static final double DEFAULT_SCORE_CAP = 50;
  private static final String LOGIT_CAP = "final_logit_softcapping";
  private static final double DEFAULT_LOGIT_CAP = 30;
  private static final String SCALE = "query_pre_attn_scalar";
  private static final double DEFAULT_SCALE = 256;
  private static final int DEFAULT_WINDOW = 4096;

  @Override
  public String modelType() {
    return "gemma2";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    Activation activation = ActivationNames.read(config, "hidden_activation", "gelu_pytorch_tanh");
    BlockSpec block =
        GemmaDescription.block(config, activation).withResidual(ResidualLayout.BRANCH_NORM);
    List<Integer> windows =
        SlidingWindows.byType(
            config, SlidingWindows.window(config, DEFAULT_WINDOW), layer -> layer % 2 == 0);
    Architecture model =
        GemmaDescription.model(
            config, block.withAttention(scaled(config, block.attention())), windows);
    return model.withHead(model.head().cappedAt((float) cap(config, LOGIT_CAP, DEFAULT_LOGIT_CAP)));
  }

  private static AttentionSpec scaled(ModelConfig config, AttentionSpec attention) {
    double scale = config.doubleOr(SCALE, DEFAULT_SCALE);
    if (!isPositiveFloat(1 / Math.sqrt(scale))) {
      throw new CheckpointException(
          "%s: expected '%s' above 0, found %s. Correct the config."
              .formatted(config.file(), SCALE, scale));
    }
    return capped(config, attention.withScale((float) (1 / Math.sqrt(scale))));
  }

  private static AttentionSpec capped(ModelConfig config, AttentionSpec attention) {
    double cap = cap(config, SCORE_CAP, DEFAULT_SCORE_CAP);
    return cap == 0 ? attention : attention.withScores(ScoreSpec.capped((float) cap));
  }

  private static boolean isPositiveFloat(double value) {
    return (float) value > 0 && (float) value < Float.POSITIVE_INFINITY;
  }

  /** A cap, or 0 where the config says null. */
  private static double cap(ModelConfig config, String key, double otherwise) {
    if (config.isNull(key)) {
      return 0;
    }
    double cap = config.doubleOr(key, otherwise);
    if (!isPositiveFloat(cap)) {
      throw new CheckpointException(
          "%s: expected '%s' to be null or above 0, found %s. Correct the config."
              .formatted(config.file(), key, cap));
    }
    return cap;
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names(Gemma2Family::block);
  }

  private static BlockNames block(String path) {
    return LlamaDescription.block(path)
        .withMlpNorm(path + ".pre_feedforward_layernorm")
        .withBranchNorms(path + ".post_attention_layernorm", path + ".post_feedforward_layernorm");
  }
}
