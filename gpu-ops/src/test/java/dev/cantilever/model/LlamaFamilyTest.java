package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LlamaFamilyTest {

  private static final String COMMON =
      "'hidden_size':48,'num_attention_heads':6,'num_hidden_layers':2,'intermediate_size':80,"
          + "'vocab_size':96,'hidden_act':'silu','max_position_embeddings':64";

  private static final int ALL = ScoreSpec.ALL_KEYS;

  @TempDir Path folder;

  @Test
  void architecture_older7b_hasAsManyKeyHeads() throws IOException {
    Architecture llama =
        read("{'model_type':'llama'," + COMMON.replace("'hidden_act':'silu',", "") + "}");

    assertThat(llama.block().attention().kvHeads()).isEqualTo(6);
    assertThat(llama.block().attention().headSize()).isEqualTo(8);
    assertThat(llama.block().attention().rotary()).isEqualTo(RotarySpec.unscaled(8, 10_000));
    assertThat(llama.block().bias()).isEqualTo(AttentionBias.NONE);
    assertThat(llama.block().mlp()).isEqualTo(MlpSpec.gated(80, Activation.SILU, false));
    assertThat(llama.block().norm()).isEqualTo(new NormSpec(NormKind.RMS, 1e-6f));
    assertThat(llama.head().tying()).isEqualTo(HeadTying.OWN);
  }

  @Test
  void architecture_everythingSaid_isTaken() throws IOException {
    Architecture llama =
        read(
            "{'model_type':'llama','num_key_value_heads':2,'head_dim':16,'attention_bias':true,"
                + "'mlp_bias':true,'rms_norm_eps':1e-5,'tie_word_embeddings':true,"
                + "'rope_theta':500000.0,"
                + COMMON.replace("silu", "gelu_pytorch_tanh")
                + "}");

    assertThat(llama.block().attention().projectionSize()).isEqualTo((6 + 2 + 2) * 16);
    assertThat(llama.block().attention().outputSize()).isEqualTo(96);
    assertThat(llama.block().attention().rotary()).isEqualTo(RotarySpec.unscaled(16, 500_000));
    assertThat(llama.block().bias()).isEqualTo(AttentionBias.ALL);
    assertThat(llama.block().mlp()).isEqualTo(MlpSpec.gated(80, Activation.GELU_TANH, true));
    assertThat(llama.block().norm().eps()).isEqualTo(1e-5f);
    assertThat(llama.head().tying()).isEqualTo(HeadTying.TIED);
  }

  @Test
  void architecture_impossibleHeads_nameTheFile() {
    assertThatThrownBy(() -> read("{'model_type':'llama','num_key_value_heads':4," + COMMON + "}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected num_attention_heads 6 to divide by");
    assertThatThrownBy(
            () -> read("{'model_type':'llama'," + COMMON.replace("_heads':6", "_heads':7") + "}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("where there is no head_dim");
    assertThatThrownBy(() -> read("{'model_type':'llama','head_dim':0," + COMMON + "}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'head_dim' to be a size from 1");
  }

  @Test
  void architecture_qwen2_hasBiasesOnTheProjectionsIn() throws IOException {
    Architecture qwen = read("{'model_type':'qwen2','use_sliding_window':false," + COMMON + "}");

    assertThat(qwen.block().bias()).isEqualTo(AttentionBias.INPUTS);
    assertThat(qwen.block().mlp().bias()).isFalse();
    assertThatThrownBy(
            () -> read("{'model_type':'qwen2','layer_types':['full_attention']," + COMMON + "}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'layer_types' to be 'full_attention' or");
  }

  @Test
  void architecture_mistral_hasAWindowInEveryLayer() throws IOException {
    String start = "{'model_type':'mistral'," + COMMON;

    assertThat(read(start + ",'sliding_window':63}").block().bias()).isEqualTo(AttentionBias.NONE);
    assertThat(windows(read(start + ",'sliding_window':63}"))).containsExactly(63, 63);
    assertThat(windows(read(start + ",'sliding_window':null}"))).containsExactly(ALL, ALL);
    assertThat(windows(read(start + ",'sliding_window':64}"))).containsExactly(ALL, ALL);
    // Without the key, transformers' configuration has a window of 4096.
    assertThat(windows(read(start.replace("embeddings':64", "embeddings':4097") + "}")))
        .containsExactly(4096, 4096);
    assertThatThrownBy(() -> read(start + ",'sliding_window':0}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'sliding_window' to be null or at least 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2", "qwen3"})
  void architecture_qwens_haveTheWindowInTheLayersThatSlide(String family) throws IOException {
    String used = "{'model_type':'" + family + "','use_sliding_window':true,'sliding_window':63,";
    String types = "'layer_types':['sliding_attention','full_attention'],";
    String upper = "'max_window_layers':1,";

    assertThat(windows(read(used + COMMON + "}"))).containsExactly(ALL, ALL); // from layer 28 on
    assertThat(windows(read(used + upper + COMMON + "}"))).containsExactly(ALL, 63);
    assertThat(windows(read(used + upper + types + COMMON + "}"))).containsExactly(63, ALL);
    assertThat(windows(read(used.replace("63", "64") + upper + COMMON + "}")))
        .containsExactly(ALL, ALL);
    assertThat(windows(read(used.replace("63", "null") + upper + COMMON + "}")))
        .containsExactly(ALL, ALL);
    assertThat(windows(read(used.replace("true", "false") + types + COMMON + "}")))
        .containsExactly(ALL, ALL);
  }

  private static List<Integer> windows(Architecture architecture) {
    return IntStream.range(0, architecture.layers())
        .mapToObj(layer -> architecture.block().attention(layer).scores().window())
        .toList();
  }

  @Test
  void architecture_phi3_takesRowsBeyondTheOriginalPositions() throws IOException {
    String scaling =
        "'rope_scaling':{'type':'longrope','short_factor':[1,2,3,4],'long_factor':[5,6,7,8]},";
    Architecture phi3 =
        read(
            "{'model_type':'phi3','original_max_position_embeddings':48,'sliding_window':48,"
                + scaling
                + COMMON
                + "}");

    assertThat(phi3.embedding().maxPositions()).isEqualTo(64);
    assertThat(phi3.block().longestRow()).isEqualTo(48);
    assertThat(windows(phi3)).containsOnly(48);
    assertThat(phi3.block().norm().eps()).isEqualTo(1e-5f);
    assertThat(phi3.head()).isEqualTo(HeadSpec.plain(false));
    assertThat(read("{'model_type':'phi3'," + COMMON + "}").embedding().maxPositions())
        .isEqualTo(64);
    assertThat(windows(read("{'model_type':'phi3','sliding_window':47," + COMMON + "}")))
        .containsOnly(47);
  }

  private Architecture read(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
