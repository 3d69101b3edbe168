package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PhiFamilyTest {

  private static final String PHI_2 =
      "{'model_type':'phi','hidden_size':2560,'num_hidden_layers':32,'num_attention_heads':32,"
          + "'intermediate_size':10240,'vocab_size':51200,'max_position_embeddings':2048,"
          + "'hidden_act':'gelu_new','rope_theta':10000.0,%s}";

  @TempDir Path folder;

  @Test
  void architecture_inTheOlderDialect_isPhi2() throws IOException {
    Architecture phi = read(PHI_2.formatted("'partial_rotary_factor':0.4,'rope_scaling':null"));

    assertThat(phi.block().attention().headSize()).isEqualTo(80);
    assertThat(phi.block().attention().kvHeads()).isEqualTo(32);
    assertThat(phi.block().attention().rotary()).isEqualTo(RotarySpec.unscaled(32, 10_000));
    assertThat(phi.block().bias()).isEqualTo(AttentionBias.ALL);
    assertThat(phi.block().mlp()).isEqualTo(MlpSpec.plain(10_240, Activation.GELU_TANH, true));
    assertThat(phi.block().residual()).isEqualTo(ResidualLayout.PARALLEL);
    assertThat(phi.block().norm()).isEqualTo(new NormSpec(NormKind.LAYER, 1e-5f));
    assertThat(phi.head()).isEqualTo(HeadSpec.plain(false).biased());
  }

  @Test
  void architecture_ofAConfigWithoutAFraction_turnsHalfOfAHead() throws IOException {
    Architecture phi = read(PHI_2.formatted("'qk_layernorm':false"));

    assertThat(phi.block().attention().rotary()).isEqualTo(RotarySpec.unscaled(40, 10_000));
  }

  /** Half of 80 dimensions are 20 pairs; what a whole head has is not asked for. */
  @Test
  void architecture_ofScaledPositionsWithoutAFraction_countsThoseOfHalfAHead() throws IOException {
    String factors = Collections.nCopies(20, 2.0).toString();
    Architecture phi =
        read(
            PHI_2.formatted(
                "'original_max_position_embeddings':1024,'rope_scaling':{'type':'longrope',"
                    + "'short_factor':%1$s,'long_factor':%1$s}".formatted(factors)));

    assertThat(phi.block().attention().rotary().dims()).isEqualTo(40);
  }

  @Test
  void architecture_withNormsOfHeads_isRefusedByKeyAndFile() {
    assertThatThrownBy(() -> read(PHI_2.formatted("'qk_layernorm':true")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected 'qk_layernorm' to be false, found true");
  }

  private Architecture read(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
