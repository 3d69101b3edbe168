package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GemmaFamilyTest {

  private static final String COMMON =
      "'hidden_size':48,'num_attention_heads':6,'num_hidden_layers':2,'intermediate_size':80,"
          + "'vocab_size':96,'max_position_embeddings':64";

  @TempDir Path folder;

  @Test
  void architecture_asLittleAsThereIs_isWhatTransformersTakes() throws IOException {
    Architecture gemma = read("{'model_type':'gemma'," + COMMON + "}");

    assertThat(gemma.embedding())
        .isEqualTo(EmbeddingSpec.ofTokens(96, 48, 64).scaledBy((float) Math.sqrt(48)));
    assertThat(gemma.block().attention().headSize()).isEqualTo(256);
    assertThat(gemma.block().attention().scale()).isEqualTo(1 / 16f);
    assertThat(gemma.block().mlp()).isEqualTo(MlpSpec.gated(80, Activation.GELU_TANH, false));
    assertThat(gemma.block().norm()).isEqualTo(new NormSpec(NormKind.RMS_OFFSET, 1e-6f));
    assertThat(gemma.head()).isEqualTo(HeadSpec.plain(true));
  }

  @Test
  void architecture_activation_isReadFromEitherKey() throws IOException {
    assertThat(activation("'hidden_act':'gelu'")).isEqualTo(Activation.GELU_TANH);
    assertThat(activation("'hidden_act':'gelu','hidden_activation':'gelu_pytorch_tanh'"))
        .isEqualTo(Activation.GELU_TANH);
    assertThat(activation("'hidden_act':'gelu','rope_parameters':{'rope_type':'default'}"))
        .isEqualTo(Activation.GELU);
    assertThat(activation("'hidden_act':'silu'")).isEqualTo(Activation.SILU);
    assertThat(activation("'hidden_activation':'relu'")).isEqualTo(Activation.RELU);
    assertThatThrownBy(() -> activation("'hidden_act':'gelu','hidden_activation':'silu'"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'hidden_activation' and 'hidden_act' to name one function");
  }

  @Test
  void architecture_attentionToTokensBehind_isRefused() {
    assertThatThrownBy(() -> activation("'use_bidirectional_attention':true"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'use_bidirectional_attention'");
  }

  @Test
  void architecture_gemma2_hasCapsAndScalesOfItsOwn() throws IOException {
    String start = "{'model_type':'gemma2','attn_logit_softcapping':null,'sliding_window':64,";
    Architecture gemma = read(start + COMMON + "}");

    assertThat(gemma.head()).isEqualTo(HeadSpec.plain(true).cappedAt(30));
    assertThat(gemma.block().residual()).isEqualTo(ResidualLayout.BRANCH_NORM);
    assertThat(gemma.block().attention().scale()).isEqualTo(1 / 16f);
    assertThat(gemma.block().mlp().activation()).isEqualTo(Activation.GELU_TANH);
    Architecture other =
        read(start + "'final_logit_softcapping':null,'query_pre_attn_scalar':144," + COMMON + "}");
    assertThat(other.head().cap()).isZero();
    assertThat(other.block().attention().scale()).isEqualTo(1 / 12f);
  }

  @Test
  void architecture_gemma2_whatIsNotComputed_isRefusedByName() {
    String start = "{'model_type':'gemma2',";
    String uncapped = start + "'attn_logit_softcapping':null,";
    assertRefused(
        uncapped + "'final_logit_softcapping':0,", "'final_logit_softcapping' to be null");
    assertRefused(
        uncapped + "'sliding_window':64,'query_pre_attn_scalar':0,",
        "'query_pre_attn_scalar' above 0");
  }

  @Test
  void architecture_gemma2_hasCappedScoresAndWindowsInEveryOtherLayer() throws IOException {
    BlockSpec block = read("{'model_type':'gemma2','sliding_window':63," + COMMON + "}").block();

    assertThat(block.attention(0).scores()).isEqualTo(ScoreSpec.capped(50).withWindow(63));
    assertThat(block.attention(1).scores()).isEqualTo(ScoreSpec.capped(50));
  }

  private void assertRefused(String start, String message) {
    assertThatThrownBy(() -> read(start + COMMON + "}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(message);
  }

  private Activation activation(String settings) throws IOException {
    return read("{'model_type':'gemma'," + settings + "," + COMMON + "}")
        .block()
        .mlp()
        .activation();
  }

  private Architecture read(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
