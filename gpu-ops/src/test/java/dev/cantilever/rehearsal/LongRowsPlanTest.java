package dev.cantilever.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.model.WeightSource;
import dev.cantilever.tensor.Int8Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Plans of runs whose rows are beyond the positions that their models were first trained on. */
class LongRowsPlanTest {

  private static final String BASE =
      """
      {"model_type": "gpt_neox", "hidden_size": 64, "num_attention_heads": 4,
       "num_hidden_layers": 3, "intermediate_size": 256, "vocab_size": 160,
       "hidden_act": "gelu", "rotary_pct": 0.5, %s}
      """;

  private static final String JUDGE =
      """
      {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4,
       "num_hidden_layers": 2, "intermediate_size": 128, "vocab_size": 100,
       "hidden_act": "silu", "id2label": {"0": "NEGATIVE", "1": "POSITIVE"}, %s}
      """;

  private static final String DYNAMIC =
      "\"rope_scaling\": {\"type\": \"dynamic\", \"factor\": 2.0}, \"max_position_embeddings\": 8";

  private static final String ENOUGH = "\"max_position_embeddings\": 64";

  private static final int TEXTS = 8;

  /** Most texts have 8 tokens, within the positions, and some have 9. */
  private static final int TEXT_TOKENS = 67;

  @TempDir Path folder;

  private WeightSource source(String config) throws IOException {
    Path file = Files.createTempFile(folder, "config", ".json");
    return WeightSource.synthetic(ModelConfig.at(Files.writeString(file, config)), 3);
  }

  private RunPlan plan(BackendKind device, String positions) throws IOException {
    Workload step =
        new Workload(
            24,
            7,
            9,
            12,
            1,
            AdapterConfig.of(4, 8, new TargetModules.AllLinear(), TaskType.CAUSAL_LM),
            Int8Mode.WEIGHT_ONLY,
            5);
    RunWorkload.Classifier judge =
        new RunWorkload.Classifier(source(JUDGE.formatted(positions)), TEXTS, TEXT_TOKENS);
    RunWorkload run = new RunWorkload(step, 12, List.of(), true, Optional.of(judge));
    return new RunPlanner(device, source(BASE.formatted(positions)), run)
        .plan(1L << 30, new PassSettings(24, 2048, KeepPlan.products()));
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void plan_ofDynamicPositions_isThatOfAsManyPositionsAsRowsHave(BackendKind device)
      throws IOException {
    RunPlan beyond = plan(device, DYNAMIC);

    assertThat(beyond.plan().fits()).isTrue();
    assertThat(beyond.memory()).isEqualTo(plan(device, ENOUGH).memory());
  }
}
