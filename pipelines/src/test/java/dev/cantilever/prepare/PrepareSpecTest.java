package dev.cantilever.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.recipe.Setting;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.text.CleaningSpec;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrepareSpecTest {

  private static final RecipeSchema SCHEMA =
      RecipeSchema.empty().section("prepare", PrepareSpec.defaults());

  private static PrepareSpec load(String setting) {
    return SCHEMA
        .load(List.of(Setting.parse("prepare." + setting)))
        .section("prepare", PrepareSpec.class);
  }

  @Test
  void defaults_ofTheRecipe_areTheReviewScripts() {
    PrepareSpec spec = SCHEMA.defaults().section("prepare", PrepareSpec.class);
    assertThat(spec).isEqualTo(PrepareSpec.defaults());
    assertThat(spec.cleaning()).isEqualTo(CleaningSpec.reviews());
    assertThat(spec.blockSize()).isEqualTo(1024);
    assertThat(load("separator=end-of-text").separator()).isEqualTo(DocumentSeparator.END_OF_TEXT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "test_fraction=1",
        "test_fraction=-0.1",
        "block_size=1",
        "max_sft_tokens=1023",
        "max_bad_share=1.5",
        "max_document_tokens=0",
        "test_input=held-out.jsonl",
        "cleaning.max_chars=5"
      })
  void load_valueOutOfRange_isRefusedByItsKey(String setting) {
    String key = setting.split("=")[0].replace("cleaning.", "");
    assertThatThrownBy(() -> load(setting))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(key);
  }
}
