package dev.cantilever.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.recipe.UsageException;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoraSpecTest {

  private static LoraSpec spec(
      List<String> targets, List<Integer> layers, List<String> ranks, String bias, String init) {
    return new LoraSpec(
        4,
        8,
        0,
        targets,
        false,
        List.of("dense"),
        layers,
        List.of(),
        ranks,
        List.of(),
        true,
        bias,
        List.of("lm_head"),
        init);
  }

  @Test
  void config_everySetting_isPeftsOfTheSameName() {
    AdapterConfig config =
        spec(List.of("q", "dense"), List.of(1), List.of("q=2", "a=b=3"), "lora_only", "gaussian")
            .config(TaskType.CAUSAL_LM, "base");

    assertThat(config.rank("m.layers.1.q")).isEqualTo(2);
    assertThat(config.ranks().rankPattern()).containsEntry("a=b", 3);
    assertThat(config.modules().matches("m.layers.1.q")).isTrue();
    assertThat(config.modules().matches("m.layers.0.q")).isFalse();
    assertThat(config.modules().matches("m.layers.1.dense")).isFalse();
    assertThat(config.useDora()).isTrue();
    assertThat(config.bias()).isEqualTo(LoraBias.LORA_ONLY);
    assertThat(config.modules().saved()).containsExactly("lm_head");
    assertThat(config.init().scheme()).isEqualTo(LoraInit.Scheme.GAUSSIAN);
  }

  @Test
  void targetModules_oneWithItsPrefix_isARegularExpression() {
    AdapterConfig config =
        spec(List.of("regex:.*\\.[qv]"), List.of(), List.of(), "none", "default")
            .config(TaskType.CAUSAL_LM, "base");

    assertThat(config.modules().targets()).isEqualTo(new TargetModules.Regex(".*\\.[qv]"));
  }

  @Test
  void spec_whatPeftOrThisCannotDo_isRefusedByName() {
    List<String> q = List.of("q");
    assertThatThrownBy(() -> spec(q, List.of(), List.of("q"), "none", "default"))
        .hasMessageContaining("rank_pattern");
    assertThatThrownBy(() -> spec(q, List.of(), List.of("q=0"), "none", "default"))
        .hasMessageContaining("rank_pattern");
    assertThatThrownBy(() -> spec(q, List.of(), List.of(), "some", "default"))
        .hasMessageContaining("lora.bias");
    assertThatThrownBy(() -> spec(q, List.of(), List.of(), "none", "loftq"))
        .hasMessageContaining("lora.init_lora_weights");
    assertThatThrownBy(() -> spec(q, List.of(), List.of(), "none", "pissa"))
        .hasMessageContaining("use_dora");
    assertThatThrownBy(() -> spec(List.of("regex:("), List.of(), List.of(), "none", "default"))
        .hasMessageContaining("regular expression");
  }

  @Test
  void requireIdentity_beginningsThatAreNotTheReference_areRefused() {
    spec(List.of("q"), List.of(), List.of(), "lora_only", "gaussian").requireIdentity();
    LoraSpec random = spec(List.of("q"), List.of(), List.of(), "none", "random");
    assertThatThrownBy(random::requireIdentity)
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("lora.init_lora_weights")
        .hasMessageContaining("random");
  }
}
