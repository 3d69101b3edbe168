package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {

  @TempDir Path folder;

  @Test
  void read_newerDialect_givesRotaryAndDtype() throws IOException {
    ModelConfig config = ModelConfig.read(Fixtures.path("gpt_neox"));

    assertThat(config.rotary(5, 1))
        .isEqualTo(new RotarySettings(10000, 0.25, new RotaryScaling.None()));
    assertThat(config.dtype()).contains(DType.F32);
    assertThat(config.requireInt("hidden_size")).isEqualTo(48);
    assertThat(config.requireDouble("layer_norm_eps")).isEqualTo(1e-5);
    assertThat(config.requireBoolean("use_parallel_residual")).isTrue();
    assertThat(config.eosTokenIds()).containsExactly(0);
    assertThat(config.padTokenId()).isEmpty();
    assertThat(config.intOr("pad_token_id", -7)).isEqualTo(-7);
  }

  @Test
  void read_olderDialect_givesRotaryAndDtype() throws IOException {
    ModelConfig config =
        config(
            "{'rotary_pct':0.5,'rotary_emb_base':500,'torch_dtype':'float16','rope_scaling':null,"
                + "'eos_token_id':[1,2]}");

    assertThat(config.rotary(5, 1))
        .isEqualTo(new RotarySettings(500, 0.5, new RotaryScaling.None()));
    assertThat(config.dtype()).contains(DType.F16);
    assertThat(config.eosTokenIds()).containsExactly(1, 2);
    assertThat(config.withDtype(DType.BF16).json().toString())
        .contains("\"torch_dtype\":\"bfloat16\"")
        .doesNotContain("\"dtype\"");
    assertThat(config("{}").rotary(5, 1))
        .isEqualTo(new RotarySettings(5, 1, new RotaryScaling.None()));
    assertThat(config("{}").dtype()).isEmpty();
  }

  @Test
  void at_directoryOrLoneFile_readsTheSame() throws IOException {
    config("{'model_type':'gpt_neox'}");
    Path lone = Files.move(folder.resolve("config.json"), folder.resolve("neox-20b.json"));

    assertThat(ModelConfig.at(lone).modelType()).isEqualTo("gpt_neox");
    assertThat(ModelConfig.at(lone).file()).isEqualTo(lone);
    assertThat(ModelConfig.at(Fixtures.path("gpt_neox")).requireInt("hidden_size")).isEqualTo(48);
    assertThatThrownBy(() -> ModelConfig.at(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected a JSON file");
    assertThatThrownBy(() -> ModelConfig.at(folder.resolve("missing.json")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("missing.json: expected a JSON file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'rope_scaling':{'type':'longrope','factor':2.0,'short_factor':[1]}}",
        "{'rope_scaling':{'type':'longrope','short_factor':[1,0],'long_factor':[1,1],"
            + "'original_max_position_embeddings':8},'max_position_embeddings':16}",
        "{'rope_scaling':{'type':'longrope','short_factor':[1],"
            + "'original_max_position_embeddings':8},'max_position_embeddings':16}",
        "{'rope_scaling':{'type':'longrope','short_factor':[1],'long_factor':['1'],"
            + "'original_max_position_embeddings':8},'max_position_embeddings':16}",
        "{'rope_scaling':{'type':'longrope','short_factor':[1],'long_factor':[1],"
            + "'short_mscale':1,'original_max_position_embeddings':8},"
            + "'max_position_embeddings':16}",
        "{'rope_scaling':{'type':'longrope','short_factor':[1],'long_factor':[1],"
            + "'original_max_position_embeddings':1},'max_position_embeddings':16}",
        "{'rope_scaling':{'type':'linear','factor':2.0,'mrope_section':[1,2]}}",
        "{'rope_scaling':{'type':'linear','rope_type':'dynamic','factor':2.0}}",
        "{'rope_scaling':{'type':'linear','factor':0}}",
        "{'rope_scaling':{'type':'linear'}}",
        "{'rope_scaling':{'type':'linear','factor':2},'rope_parameters':{'rope_type':'default'}}",
        "{'rope_scaling':{'rope_type':'default','factor':2.0}}",
        "{'rope_scaling':'linear'}",
        "{'rope_scaling':{'type':'dynamic','factor':2},'max_position_embeddings':'many'}",
        "{'rope_scaling':{'type':'dynamic','factor':2},'max_position_embeddings':0}",
        "{'rope_scaling':{'type':'dynamic'},'max_position_embeddings':16}",
        "{'rope_parameters':{'rope_type':'dynamic','factor':0},'max_position_embeddings':16}",
        "{'rope_scaling':{'type':'dynamic','factor':2,'original_max_position_embeddings':8},"
            + "'max_position_embeddings':16}",
        "{'rope_scaling':{'rope_type':'llama3','factor':8,'low_freq_factor':4,"
            + "'high_freq_factor':4,'original_max_position_embeddings':8192}}",
        "{'rope_scaling':{'rope_type':'llama3','factor':8,'low_freq_factor':1,"
            + "'high_freq_factor':4}}", // and no max_position_embeddings
        "{'rope_parameters':{'rope_type':'yarn','rope_theta':1e4}}",
        "{'rope_parameters':{'rope_type':'yarn','factor':-1},'max_position_embeddings':64}",
        "{'rope_parameters':{'full_attention':{'rope_type':'default'}}}",
        "{'rope_scaling':{'rope_theta':1e4},'rope_theta':1e5}",
        "{'rotary_pct':0.5,'partial_rotary_factor':0.25}",
        "{'rotary_pct':0}",
        "{'rope_theta':'big'}",
      })
  void rotary_scaledOrContradictory_isRefused(String text) throws IOException {
    ModelConfig config = config(text);

    assertThatThrownBy(() -> config.rotary(10000, 1))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'rope_theta':5e5,'rope_scaling':%s}",
        "{'rope_parameters':%s,'rope_theta':5e5}",
      })
  void rotary_scaledInEitherDialect_isRead(String dialect) throws IOException {
    assertThat(scaling(dialect, "{'type':'linear','factor':2.5}"))
        .isEqualTo(new RotaryScaling.Linear(2.5));
    assertThat(
            scaling(
                dialect,
                "{'rope_type':'llama3','factor':8.0,'low_freq_factor':1.0,'high_freq_factor':4.0,"
                    + "'original_max_position_embeddings':8192}"))
        .isEqualTo(new RotaryScaling.Llama3(8, 1, 4, 8192));
    assertThat(
            scaling(
                dialect.replace("}", ",'max_position_embeddings':64}"),
                "{'type':'llama3','factor':8,'low_freq_factor':1,'high_freq_factor':4}"))
        .isEqualTo(new RotaryScaling.Llama3(8, 1, 4, 64));
    assertThat(
            scaling(
                dialect,
                "{'type':'yarn','factor':4.0,'original_max_position_embeddings':32768,"
                    + "'beta_fast':null}"))
        .isEqualTo(new RotaryScaling.Yarn(4, 32768, 32, 1, true, OptionalDouble.empty(), 0, 0));
    assertThat(
            scaling(
                dialect,
                "{'rope_type':'yarn','factor':4,'original_max_position_embeddings':64,"
                    + "'beta_fast':16,'beta_slow':2,'truncate':false,'attention_factor':1.5,"
                    + "'mscale':0.7,'mscale_all_dim':1.2}"))
        .isEqualTo(new RotaryScaling.Yarn(4, 64, 16, 2, false, OptionalDouble.of(1.5), 0.7, 1.2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"longrope", "su"})
  void rotary_longRope_isReadByEitherName(String type) throws IOException {
    RotaryScaling scaling =
        config(
                "{'rope_scaling':{'type':'"
                    + type
                    + "','short_factor':[1,2.5],'long_factor':[3,4]},"
                    + "'max_position_embeddings':64,'original_max_position_embeddings':16}")
            .rotary(10_000, 1)
            .scaling();

    assertThat(scaling)
        .isEqualTo(
            new RotaryScaling.LongRope(
                List.of(1.0, 2.5), List.of(3.0, 4.0), 4, 16, OptionalDouble.empty()));
  }

  private RotaryScaling scaling(String dialect, String section) throws IOException {
    RotarySettings settings = config(dialect.formatted(section)).rotary(10_000, 1);
    assertThat(settings.theta()).isEqualTo(5e5);
    assertThat(settings.fraction()).isEqualTo(1);
    return settings.scaling();
  }

  @Test
  void ignored_listsWhatNobodyAskedFor() throws IOException {
    ModelConfig config =
        config("{'use_cache':true,'rope_scaling':{'type':'linear','factor':2},'a':null,'b':1}");
    config.rotary(500, 1);
    config.has("b");

    assertThat(config.ignored()).containsExactly("a", "use_cache");
  }

  /** As transformers 5 writes it where a class of configs has a default of its own. */
  @Test
  void rotary_newerSectionBesideOthersAtTheTop_counts() throws IOException {
    RotarySettings settings =
        config(
                "{'rope_parameters':{'rope_type':'default','rope_theta':1e4,"
                    + "'partial_rotary_factor':0.75},'rope_theta':1e5,'partial_rotary_factor':0.5}")
            .rotary(500, 1);

    assertThat(settings).isEqualTo(new RotarySettings(1e4, 0.75, new RotaryScaling.None()));
  }

  @Test
  void rotary_positionsOutsideOfTheSection_count() throws IOException {
    assertThat(
            config("{'rope_scaling':{'type':'dynamic','factor':2},'max_position_embeddings':64}")
                .rotary(10_000, 1)
                .scaling())
        .isEqualTo(new RotaryScaling.Dynamic(2, 64));
    assertThat(
            config(
                    "{'rope_scaling':{'type':'yarn'},'max_position_embeddings':64,"
                        + "'original_max_position_embeddings':16}")
                .rotary(10_000, 1)
                .scaling())
        .isEqualTo(new RotaryScaling.Yarn(4, 16, 32, 1, true, OptionalDouble.empty(), 0, 0));
  }

  @Test
  void rotary_unknownType_namesFileKeyAndWhatIsKnown() throws IOException {
    ModelConfig config = config("{'rope_scaling':{'type':'ntk','factor':2.0}}");

    assertThatThrownBy(() -> config.rotary(10_000, 1))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected rope_scaling of a type of")
        .hasMessageContaining("[default, dynamic, linear, llama3, longrope, yarn], found 'ntk'");
  }

  @Test
  void getters_missingOrWrongType_nameFileAndKey() throws IOException {
    ModelConfig config = config("{'a':1.5,'b':'x','c':3000000000,'dtype':'int8','e':{'f':[0]}}");

    assertThatThrownBy(() -> config.requireInt("hidden_size"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining("'hidden_size'");
    assertThatThrownBy(() -> config.requireInt("a")).hasMessageContaining("1.5");
    assertThatThrownBy(() -> config.intOr("c", 1)).hasMessageContaining("3000000000");
    assertThatThrownBy(() -> config.requireDouble("b")).hasMessageContaining("'b'");
    assertThatThrownBy(() -> config.requireBoolean("b")).hasMessageContaining("true or false");
    assertThatThrownBy(() -> config.stringOr("a", "")).hasMessageContaining("a string");
    assertThatThrownBy(config::dtype).hasMessageContaining("bfloat16").hasMessageContaining("int8");
    assertThatThrownBy(() -> config.requireInactive("e", "an e")).hasMessageContaining("'e'");
    config.requireInactive("missing", "nothing");
  }

  @Test
  void labels_byName_giveTheIndex() throws IOException {
    ModelConfig config = config("{'id2label':{'0':'NEG','1':'POS'},'label2id':{'NEG':0,'POS':1}}");

    assertThat(config.labels()).containsExactly("NEG", "POS");
    assertThat(config.labelIndex("POS")).isEqualTo(1);
    assertThatThrownBy(() -> config.labelIndex("POSITIVE"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("[NEG, POS]");
    assertThat(ModelConfig.read(Fixtures.path("distilbert_cls")).labels())
        .containsExactly("LABEL_0", "LABEL_1");
    assertThat(ModelConfig.read(Fixtures.path("gpt_neox_reward")).labels())
        .containsExactly("LABEL_0");
  }

  @Test
  void labels_holesOrContradiction_areRefused() throws IOException {
    assertThatThrownBy(config("{'id2label':{'0':'A','2':'B'}}")::labels)
        .hasMessageContaining("indices 0 to 1");
    ModelConfig crossed = config("{'id2label':{'0':'A','1':'B'},'label2id':{'A':1,'B':0}}");
    assertThatThrownBy(() -> crossed.labelIndex("A")).hasMessageContaining("label2id");
    ModelConfig twice = config("{'id2label':{'0':'A','1':'A'}}");
    assertThatThrownBy(() -> twice.labelIndex("A")).hasMessageContaining("twice");
  }

  @Test
  void read_notAnObjectOrRepeatedKey_isRefused() {
    assertThatThrownBy(() -> config("[1]")).isInstanceOf(CheckpointException.class);
    assertThatThrownBy(() -> config("{'a':1,'a':2}")).isInstanceOf(CheckpointException.class);
    assertThatThrownBy(() -> config("{'a':1} x")).isInstanceOf(CheckpointException.class);
    assertThatThrownBy(() -> config("")).isInstanceOf(CheckpointException.class);
  }

  private ModelConfig config(String text) throws IOException {
    Files.writeString(folder.resolve("config.json"), text.replace('\'', '"'));
    return ModelConfig.read(folder);
  }
}
