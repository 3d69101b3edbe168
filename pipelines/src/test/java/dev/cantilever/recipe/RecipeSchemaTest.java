package dev.cantilever.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeSchemaTest {
  private final RecipeSchema schema = SampleSpec.schema();
  @TempDir private Path dir;

  private SampleSpec fromFile(String yaml) {
    return schema.parse("r.yaml", yaml).section("sample", SampleSpec.class);
  }

  private SampleSpec set(String setting) {
    return schema.load(List.of(Setting.parse(setting))).section("sample", SampleSpec.class);
  }

  @Test
  void load_nothingGiven_yieldsDefaults() {
    Recipe recipe = schema.defaults();
    assertThat(recipe.section("sample", SampleSpec.class)).isEqualTo(SampleSpec.defaults());
    assertThat(recipe.source("sample.lr")).isEqualTo(Source.DEFAULT);
  }

  @Test
  void load_allSources_laterOnesWinAndAreNamed() throws IOException {
    Path file =
        Files.writeString(
            dir.resolve("mine.yaml"),
            """
        sample:
          block_size: 64
          lr: 1e-3
          label: NEGATIVE
          kl: {init_coef: 0.2}
        """);
    Recipe recipe =
        schema.load(
            file,
            List.of(
                Setting.parse("sample.lr=2e-3"),
                Setting.parse("sample.kl.adaptive=true"),
                Setting.ofOption("--label", "sample.label", "OTHER")));
    SampleSpec spec = recipe.section("sample", SampleSpec.class);
    assertThat(spec.blockSize()).isEqualTo(64);
    assertThat(spec.lr()).isEqualTo(2e-3);
    assertThat(spec.label()).isEqualTo("OTHER");
    assertThat(spec.kl()).isEqualTo(new SampleSpec.Kl(0.2, true));
    assertThat(recipe.source("sample.block_size").label()).isEqualTo(file.toString());
    assertThat(recipe.source("sample.lr").label()).isEqualTo("--set");
    assertThat(recipe.source("sample.label").label()).isEqualTo("--label");
    assertThat(recipe.source("sample.kl.init_coef").label()).isEqualTo(file.toString());
    assertThat(recipe.source("sample.kl.adaptive").label()).isEqualTo("--set");
    assertThat(recipe.source("sample.whiten")).isEqualTo(Source.DEFAULT);
  }

  @Test
  void load_everyKindOfValue_isReadFromFileAndCommandLineAlike() {
    SampleSpec expected =
        new SampleSpec(
            8,
            0.5,
            false,
            "a b",
            Path.of("/m"),
            SampleSpec.Mode.LLM_INT8,
            ByteSize.ofGib(2),
            List.of("x", "y"),
            new SampleSpec.Kl(0.1, false),
            Optional.empty(),
            Optional.of(new SampleSpec.Extra(3, 1L << 40)));
    assertThat(
            fromFile(
                """
                sample:
                  block_size: 8
                  lr: .5
                  whiten: false
                  label: a b
                  model: /m
                  mode: llm-int8
                  budget: 2GiB
                  targets: [x, y]
                  target_kl: null
                  extra:
                    depth: 3
                    seed: 1099511627776
                """))
        .isEqualTo(expected);
    List<Setting> settings =
        List.of(
                "block_size=8",
                "lr=.5",
                "whiten=false",
                "label=a b",
                "model=/m",
                "mode=llm-int8",
                "budget=2GiB",
                "targets=[x, y]",
                "target_kl=null",
                "extra.depth=3",
                "extra.seed=1099511627776")
            .stream()
            .map(text -> Setting.parse("sample." + text))
            .toList();
    assertThat(schema.load(settings).section("sample", SampleSpec.class)).isEqualTo(expected);
  }

  @Test
  void load_unknownKey_namesFileLineKeyNearestAndLegal() {
    assertThatThrownBy(() -> fromFile("sample:\n  whiten: true\n  blok_size: 64\n"))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("r.yaml, line 3: sample.blok_size: unknown key 'blok_size'")
        .hasMessageContaining("the nearest is 'block_size'")
        .hasMessageContaining("legal: block_size, lr, whiten");
    assertThatThrownBy(() -> set("sample.kl.init_kof=1"))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("--set: sample.kl.init_kof")
        .hasMessageContaining("the nearest is 'init_coef'");
    assertThatThrownBy(() -> fromFile("sampel:\n  lr: 1\n"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("line 1")
        .hasMessageContaining("the nearest is 'sample'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "block_size: 3.5     | a whole number, got '3.5'",
        "block_size: 99999999999 | a whole number, got '99999999999'",
        "lr: fast            | a number, got 'fast'",
        "lr: .nan            | a number, got",
        "lr: 1e999           | a number, got '1e999'",
        "lr:                 | a number, got nothing; remove the key",
        "whiten: 1           | true or false, got 1",
        "label: 12           | text, got 12; put it in quotes",
        "mode: int4          | one of weight-only, llm-int8, got 'int4'",
        "budget: 24GB        | a size such as 24GiB, got '24GB'",
        "targets: x          | a list such as [a, b]",
        "'targets: [x, [y]]' | element 1: expected text",
        "kl: 0.1             | a group of keys: init_coef, adaptive",
        "'kl: {init_coef: a}'| a number, got 'a'",
      })
  void load_wrongType_saysExpectedAndFound(String line, String message) {
    assertThatThrownBy(() -> fromFile("sample:\n  " + line + "\n"))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("r.yaml, line 2: sample.")
        .hasMessageContaining(message);
  }

  @Test
  void load_groupWithoutDefaults_asksForMissingKey() {
    assertThatThrownBy(() -> set("sample.extra.depth=3"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("extra: expected the key seed")
        .hasMessageContaining("given: sample.extra.depth by --set");
  }

  @Test
  void load_specRefusesValues_saysWhyAndWhatWasGiven() {
    assertThatThrownBy(() -> set("sample.block_size=12"))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "section sample: block_size: expected a multiple of 8, got 12; use 128"
                + " (given: sample.block_size by --set)");
  }

  @Test
  void load_keyGivenTwice_namesBothLines() {
    assertThatThrownBy(() -> fromFile("sample:\n  lr: 1\n  whiten: true\n  lr: 2\n"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("line 4: the key sample.lr is given twice, first in line 2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "- a\n- b\n",
        "sample: [",
        "sample:\n  label: &x a\n  model: *x\n",
        "sample:\n  lr: 1\n---\nsample:\n  lr: 2\n",
        "just text",
      })
  void load_notOneMapping_isRefused(String yaml) {
    assertThatThrownBy(() -> fromFile(yaml))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("r.yaml")
        .hasMessageContaining("expected");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing\n", "sample:\n", "sample: {}\n"})
  void load_nothingInFile_yieldsDefaults(String yaml) {
    assertThat(fromFile(yaml)).isEqualTo(SampleSpec.defaults());
  }

  @Test
  void load_missingFile_saysSo() {
    Path absent = dir.resolve("absent.yaml");
    assertThatThrownBy(() -> schema.load(absent, List.of()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(absent + ", found nothing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sample.lr", "lr=1", "=1", ".lr=1", "sample.=1"})
  void setting_notKeyAndValue_showsForm(String argument) {
    assertThatThrownBy(() -> Setting.parse(argument))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("section.key=value")
        .hasMessageContaining("'" + argument + "'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sample.kl=1", "sample.lr.x=1", "sample.targets=x", "sample.lr=x=y"})
  void setting_wrongShape_isRefused(String argument) {
    assertThatThrownBy(() -> set(argument))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("--set: sample.");
  }

  @Test
  void section_anotherType_isProgrammersError() {
    assertThatThrownBy(() -> schema.defaults().section("sample", SampleSpec.Kl.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("register it");
  }
}
