package dev.cantilever.model;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.PlainStorage;
import dev.cantilever.hub.RotaryPairStorage;
import dev.cantilever.nn.ResidualLayout;
import java.util.List;
import java.util.Optional;

/**
 * GPT-J (transformers: {@code modeling_gptj}): attention and MLP in parallel behind one norm,
 * rotary on the first dimensions of each head, which it turns in neighbouring pairs, a head with a
 * bias.
 */
final class GptjFamily implements ArchitectureFamily {

  /** What transformers takes of a config that does not say; the MLP is four times as wide. */
  private static final Gpt2Sizes DEFAULTS =
      new Gpt2Sizes(50_400, 2048, 4096, 28, 16, 256, 4 * 4096);

  private static final String ROTARY = "rotary_dim";
  private static final double THETA = 10_000;
  private static final String QUERY = ".attn.q_proj";
  private static final String KEY = ".attn.k_proj";

  @Override
  public String modelType() {
    return "gptj";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    Gpt2Sizes sizes = DEFAULTS.read(config);
    AttentionSpec attention =
        new AttentionSpec(
            sizes.heads(),
            sizes.heads(),
            sizes.headSize(),
            HeadLayout.SPLIT,
            true,
            (float) (1 / Math.sqrt(sizes.headSize())),
            RotarySpec.unscaled(rotaryDims(config, sizes.headSize()), THETA));
    BlockSpec block =
        BlockSpec.of(
            attention,
            AttentionBias.NONE,
            MlpSpec.plain(
                sizes.innerSize(),
                ActivationNames.read(config, "activation_function", "gelu_new"),
                true),
            ResidualLayout.PARALLEL,
            new NormSpec(NormKind.LAYER, (float) config.doubleOr("layer_norm_epsilon", 1e-5)));
    return new Architecture(
        modelType(),
        sizes.hiddenSize(),
        sizes.layers(),
        EmbeddingSpec.ofTokens(sizes.vocabSize(), sizes.hiddenSize(), sizes.positions()),
        block,
        true,
        HeadSpec.plain(config.booleanOr("tie_word_embeddings", false)).biased(),
        new ClassifierSpec(Pooling.LAST_TOKEN, Optional.empty(), false, config.labels()));
  }

  /** Without a number transformers takes the angles of another width than it turns. */
  private static int rotaryDims(ModelConfig config, int headSize) {
    boolean none = config.isNull(ROTARY);
    int dims = config.intOr(ROTARY, 64);
    if (none || dims < 2 || dims > headSize || dims % 2 != 0) {
      throw new CheckpointException(
          "%s: expected '%s' to be an even number from 2 to the %d dimensions of a head, found %s. Correct the config."
              .formatted(config.file(), ROTARY, headSize, none ? "null" : dims));
    }
    return dims;
  }

  @Override
  public CheckpointNames names() {
    return Gpt2Names.of(Optional.empty(), GptjFamily::block);
  }

  private static BlockNames block(String path) {
    return new BlockNames(
        path + ".ln_1",
        List.of(path + QUERY, path + KEY, path + ".attn.v_proj"),
        path + ".attn.out_proj",
        path + ".ln_1",
        List.of(path + ".mlp.fc_in"),
        path + ".mlp.fc_out");
  }

  @Override
  public LinearStorage storage(Architecture architecture, String module) {
    AttentionSpec attention = architecture.block().attention();
    return module.endsWith(QUERY) || module.endsWith(KEY)
        ? new RotaryPairStorage(attention.headSize(), attention.rotary().dims())
        : new PlainStorage();
  }
}
