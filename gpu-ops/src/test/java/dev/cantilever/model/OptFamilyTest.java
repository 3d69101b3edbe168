package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.nn.ResidualLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OptFamilyTest {

  @TempDir Path folder;

  @Test
  void architecture_nothingSaid_isTheSmallOneOfTransformers() throws IOException {
    Architecture opt = read("{'model_type':'opt'}");

    assertThat(opt.hiddenSize()).isEqualTo(768);
    assertThat(opt.outputSize()).isEqualTo(768);
    assertThat(opt.layers()).isEqualTo(12);
    assertThat(opt.embedding()).isEqualTo(EmbeddingSpec.withPositions(50_272, 768, 2048, 2));
    assertThat(opt.block().attention().scale()).isEqualTo(0.125f);
    assertThat(opt.block().bias()).isEqualTo(AttentionBias.ALL);
    assertThat(opt.block().mlp()).isEqualTo(MlpSpec.plain(3072, Activation.RELU, true));
    assertThat(opt.block().norm()).isEqualTo(new NormSpec(NormKind.LAYER, 1e-5f));
    assertThat(opt.block().residual()).isEqualTo(ResidualLayout.PRE_NORM);
    assertThat(opt.finalNorm()).isTrue();
    assertThat(opt.head().tying()).isEqualTo(HeadTying.TIED);
  }

  @Test
  void architecture_350m_hasNormsBehindAndANarrowEmbedding() throws IOException {
    Architecture opt =
        read(
            "{'model_type':'opt','do_layer_norm_before':false,'word_embed_proj_dim':512,"
                + "'hidden_size':1024,'num_attention_heads':16}");

    assertThat(opt.hiddenSize()).isEqualTo(1024);
    assertThat(opt.outputSize()).isEqualTo(512);
    assertThat(opt.block().residual()).isEqualTo(ResidualLayout.POST_NORM);
    assertThat(opt.finalNorm()).isFalse();
  }

  @Test
  void architecture_everythingOff_isTaken() throws IOException {
    Architecture opt =
        read(
            "{'model_type':'opt','enable_bias':false,'layer_norm_elementwise_affine':false,"
                + "'_remove_final_layer_norm':true,'tie_word_embeddings':false,"
                + "'activation_function':'gelu','layerdrop':0.1}");

    assertThat(opt.block().bias()).isEqualTo(AttentionBias.NONE);
    assertThat(opt.block().mlp()).isEqualTo(MlpSpec.plain(3072, Activation.GELU, false));
    assertThat(opt.block().norm().kind()).isEqualTo(NormKind.PLAIN_LAYER);
    assertThat(opt.finalNorm()).isFalse();
    assertThat(opt.head().tying()).isEqualTo(HeadTying.OWN);
  }

  @Test
  void architecture_impossible_namesKeyAndFile() {
    assertThatThrownBy(() -> read("{'model_type':'opt','num_attention_heads':7}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(
            "config.json: expected hidden_size 768 to divide by num_attention_heads 7");
    assertThatThrownBy(() -> read("{'model_type':'opt','activation_function':'quick_gelu'}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected 'activation_function' to be one of");
  }

  private Architecture read(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
