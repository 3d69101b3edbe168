package dev.cantilever.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.recipe.Setting;
import dev.cantilever.recipe.UsageException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FineTuneSpecTest {

  private static final RecipeSchema SCHEMA =
      RecipeSchema.empty().section("sft", FineTuneSpec.defaults());

  @Test
  void defaults_areWrittenUnderTheseKeys() {
    assertThat(SCHEMA.defaults().values())
        .containsOnlyKeys(
            "sft.epochs",
            "sft.learning_rate",
            "sft.schedule",
            "sft.warmup_steps",
            "sft.batch_rows",
            "sft.max_tokens",
            "sft.max_grad_norm",
            "sft.weight_decay",
            "sft.keep",
            "sft.evaluation_rows")
        .containsEntry("sft.keep", "everything")
        .containsEntry("sft.schedule", "linear");
  }

  @Test
  void steps_lastBatchOfAnEpochSmaller_counts() {
    FineTuneSpec spec =
        SCHEMA
            .load(List.of(Setting.parse("sft.epochs=2"), Setting.parse("sft.batch_rows=4")))
            .section("sft", FineTuneSpec.class);

    assertThat(spec.steps(10)).isEqualTo(6);
    assertThat(spec.steps(8)).isEqualTo(4);
    assertThat(spec.steps(1)).isEqualTo(2);
  }

  @Test
  void new_outOfRange_isRefusedNamingTheKey() {
    for (String setting : List.of("epochs=0", "learning_rate=0", "warmup_steps=-1")) {
      assertThatThrownBy(() -> SCHEMA.load(List.of(Setting.parse("sft." + setting))))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining(setting.substring(0, setting.indexOf('=')));
    }
  }
}
