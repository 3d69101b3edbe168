package dev.cantilever.model;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.util.List;

/** The table of architectures: one row a family. */
public final class Families {

  private static final List<ArchitectureFamily> TABLE =
      List.of(
          new GptNeoxFamily(),
          new Gpt2Family(),
          new GptjFamily(),
          new OptFamily(),
          new BloomFamily(),
          new LlamaFamily(),
          new MistralFamily(),
          new Qwen2Family(),
          new Qwen3Family(),
          new GemmaFamily(),
          new Gemma2Family(),
          new PhiFamily(),
          new Phi3Family(),
          T5Family.t5(),
          T5Family.t5Gated(),
          T5Family.mt5(),
          T5Family.mt5Plain(),
          new DistilBertFamily(),
          new BertFamily(),
          RobertaFamily.roberta(),
          RobertaFamily.xlmRoberta(),
          RobertaFamily.camembert(),
          new DebertaV2Family());

  private Families() {}

  /**
   * The family of a config's {@code model_type}.
   *
   * @throws CheckpointException listing the known types, if there is none
   */
  public static ArchitectureFamily of(ModelConfig config) {
    return TABLE.stream()
        .filter(family -> family.describes(config))
        .findFirst()
        .orElseThrow(
            () ->
                new CheckpointException(
                    "%s: expected 'model_type' to be one of %s, found '%s'. Use a model of one of these families."
                        .formatted(
                            config.file(),
                            TABLE.stream().map(ArchitectureFamily::modelType).distinct().toList(),
                            config.modelType())));
  }
}
