package dev.cantilever.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RecipeTest {
  private final RecipeSchema schema = SampleSpec.schema();

  @Test
  void toYaml_effectiveValues_carryTheirSources() {
    Recipe recipe =
        schema.load(
            List.of(
                Setting.parse("sample.lr=1e-3"), Setting.ofOption("--m", "sample.model", "x y")));
    assertThat(recipe.toYaml())
        .contains("digest: " + recipe.digest())
        .contains("\nsample:\n  block_size: 128  # default\n")
        .contains("\n  lr: 0.001  # --set\n")
        .contains("\n  model: \"x y\"  # --m\n")
        .contains("\n  budget: \"24GiB\"  # default\n")
        .contains("\n  targets: [query_key_value]  # default\n")
        .contains("\n  kl:\n    init_coef: 0.1  # default\n")
        .contains("\n  extra: null  # default\n");
  }

  @Test
  void toYaml_optionalTakenAway_staysAwayWhenReadBack() {
    Recipe recipe = schema.load(List.of(Setting.parse("sample.target_kl=null")));
    Recipe read = schema.parse("recipe.yaml", recipe.toYaml());
    assertThat(read.section("sample", SampleSpec.class).targetKl()).isEmpty();
    assertThat(read.digest()).isEqualTo(recipe.digest());
  }

  @Test
  void withDefaults_ofAModel_standWhereNothingWasGiven() {
    Recipe recipe = schema.load(List.of(Setting.parse("sample.lr=1e-3")));
    Recipe model =
        recipe.withDefaults(
            "sample",
            Map.of("lr", DoubleNode.valueOf(0.5), "block_size", IntNode.valueOf(64)),
            new Source("model.json"));

    assertThat(model.section("sample", SampleSpec.class).blockSize()).isEqualTo(64);
    assertThat(model.section("sample", SampleSpec.class).lr()).isEqualTo(1e-3);
    assertThat(model.toYaml())
        .contains("\n  block_size: 64  # model.json\n")
        .contains("\n  lr: 0.001  # --set\n");
    assertThatThrownBy(
            () ->
                recipe.withDefaults(
                    "sample",
                    Map.of("block_size", TextNode.valueOf("x")),
                    new Source("model.json")))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("model.json: block_size");
  }

  /** Any text and number survives: quotes, colons, comment signs, control characters. */
  @Property(tries = 300, seed = "1")
  void toYaml_anyValues_readBackEqual(
      @ForAll String label,
      @ForAll @Size(max = 4) List<String> targets,
      @ForAll double lr,
      @ForAll long seed) {
    SampleSpec d = SampleSpec.defaults();
    SampleSpec spec =
        new SampleSpec(
            8,
            lr,
            false,
            label,
            Path.of("p"),
            d.mode(),
            new ByteSize(seed >>> 1),
            targets,
            d.kl(),
            Optional.of(-lr),
            Optional.of(new SampleSpec.Extra(1, seed)));
    Recipe recipe = RecipeSchema.empty().section("sample", spec).defaults();
    Recipe read = schema.parse("recipe.yaml", recipe.toYaml());
    assertThat(read.section("sample", SampleSpec.class)).isEqualTo(spec);
    assertThat(read.digest()).isEqualTo(recipe.digest());
  }

  @Test
  void digest_dependsOnValuesAndNotOnSources() {
    Recipe defaults = schema.defaults();
    Recipe same = schema.load(List.of(Setting.parse("sample.lr=0.00030")));
    Recipe other = schema.load(List.of(Setting.parse("sample.lr=0.00031")));
    assertThat(same.digest()).isEqualTo(defaults.digest()).hasSize(64);
    assertThat(other.digest()).isNotEqualTo(defaults.digest());
  }

  @Test
  void differences_nameKeysWithBothValues() {
    Recipe defaults = schema.defaults();
    Recipe other =
        schema.load(
            List.of(Setting.parse("sample.block_size=64"), Setting.parse("sample.kl.init_coef=1")));
    assertThat(other.differences(defaults))
        .containsExactly("sample.block_size: 64, 128", "sample.kl.init_coef: 1.0, 0.1");
    assertThat(defaults.differences(schema.defaults())).isEmpty();
  }
}
