package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Gpt2FamilyTest {

  @TempDir Path folder;

  @Test
  void architecture_nothingSaid_isTheSmallOneOfTransformers() throws IOException {
    Architecture gpt2 = read("{'model_type':'gpt2'}");

    assertThat(gpt2.hiddenSize()).isEqualTo(768);
    assertThat(gpt2.layers()).isEqualTo(12);
    assertThat(gpt2.embedding().vocabSize()).isEqualTo(50_257);
    assertThat(gpt2.embedding().maxPositions()).isEqualTo(1024);
    assertThat(gpt2.block().attention().heads()).isEqualTo(12);
    assertThat(gpt2.block().attention().scale()).isEqualTo(0.125f);
    assertThat(gpt2.block().attention().rotary()).isEqualTo(RotarySpec.NONE);
    assertThat(gpt2.block().mlp()).isEqualTo(MlpSpec.plain(3072, Activation.GELU_TANH, true));
    assertThat(gpt2.block().norm()).isEqualTo(new NormSpec(NormKind.LAYER, 1e-5f));
    assertThat(gpt2.head().tying()).isEqualTo(HeadTying.TIED);
  }

  @Test
  void architecture_scaledByLayer_dividesTheScoresOfEach() throws IOException {
    Architecture gpt2 =
        read("{'model_type':'gpt2','scale_attn_by_inverse_layer_idx':true,'n_inner':null}");

    assertThat(gpt2.block().attention(0).scale()).isEqualTo(0.125f);
    assertThat(gpt2.block().attention(3).scale()).isEqualTo(0.125f / 4);
    assertThat(gpt2.block().mlp().innerSize()).isEqualTo(3072);
  }

  @ParameterizedTest
  @CsvSource({
    "gelu, GELU", "gelu_python, GELU", "gelu_new, GELU_TANH", "gelu_fast, GELU_TANH",
    "gelu_accurate, GELU_TANH", "gelu_pytorch_tanh, GELU_TANH", "relu, RELU", "silu, SILU",
    "swish, SILU", "tanh, TANH"
  })
  void activation_underEachOfItsNames_isTheSame(String name, Activation expected)
      throws IOException {
    Architecture gpt2 = read("{'model_type':'gpt2','activation_function':'" + name + "'}");

    assertThat(gpt2.block().mlp().activation()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"quick_gelu", "gelu_10", "mish", "relu2"})
  void activation_thatIsNotComputed_isRefusedByName(String name) {
    assertThatThrownBy(() -> read("{'model_type':'gpt2','activation_function':'" + name + "'}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected 'activation_function' to be one of")
        .hasMessageContaining("found '" + name + "'")
        .hasMessageContaining("gelu_pytorch_tanh, relu, silu")
        .hasMessageContaining("use a model of one of these");
  }

  @Test
  void architecture_impossible_namesKeyAndFile() {
    assertThatThrownBy(() -> read("{'model_type':'gpt2','add_cross_attention':true}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected 'add_cross_attention'");
    assertThatThrownBy(() -> read("{'model_type':'gpt2','n_head':7}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected n_embd 768 to divide by n_head 7");
    assertThatThrownBy(() -> read("{'model_type':'gpt2','n_head':6,'num_attention_heads':12}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'n_head' and 'num_attention_heads' to agree");
  }

  private Architecture read(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
