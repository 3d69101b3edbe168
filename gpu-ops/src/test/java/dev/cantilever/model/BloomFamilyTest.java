package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BloomFamilyTest {

  @TempDir Path folder;

  @Test
  void architecture_smallestOnTheHub_isTaken() throws IOException {
    Architecture bloom =
        read(
            "{'model_type':'bloom','n_embed':1024,'n_layer':24,'num_attention_heads':16,"
                + "'vocab_size':250880,'n_inner':null,'offset_alibi':100,'pretraining_tp':1,"
                + "'attention_softmax_in_fp32':true,'skip_bias_add':true}");

    assertThat(bloom.layers()).isEqualTo(24);
    assertThat(bloom.block().attention().headSize()).isEqualTo(64);
    assertThat(bloom.block().attention().rotary()).isEqualTo(RotarySpec.NONE);
    assertThat(bloom.block().attention(23).scores()).isEqualTo(ScoreSpec.alibi(16));
    assertThat(bloom.block().mlp()).isEqualTo(MlpSpec.plain(4096, Activation.GELU_TANH, true));
    assertThat(bloom.block().residual()).isEqualTo(ResidualLayout.PRE_NORM);
    assertThat(bloom.block().norm()).isEqualTo(new NormSpec(NormKind.LAYER, 1e-5f));
    assertThat(bloom.embedding().norm()).isTrue();
    assertThat(bloom.embedding().maxPositions()).isEqualTo(EmbeddingSpec.ANY_LENGTH);
    assertThat(bloom.head()).isEqualTo(HeadSpec.plain(true));
  }

  @Test
  void architecture_productsInParts_areRefusedWhereTheyWouldLeaveOutBiases() throws IOException {
    String start = "{'model_type':'bloom','n_embed':32,'n_head':4,'slow_but_exact':true,";

    read(start + "'pretraining_tp':1}");
    assertThatThrownBy(() -> read(start + "'pretraining_tp':2}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected 'slow_but_exact' to be false")
        .hasMessageContaining("found true and 2");
  }

  private Architecture read(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
