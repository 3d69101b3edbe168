package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.PlainStorage;
import dev.cantilever.hub.RotaryPairStorage;
import dev.cantilever.nn.ResidualLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GptjFamilyTest {

  @TempDir Path folder;

  @Test
  void architecture_nothingSaid_isThe6bOfTransformers() throws IOException {
    Architecture gptj = read("{'model_type':'gptj','n_inner':null}");

    assertThat(gptj.hiddenSize()).isEqualTo(4096);
    assertThat(gptj.layers()).isEqualTo(28);
    assertThat(gptj.embedding()).isEqualTo(EmbeddingSpec.ofTokens(50_400, 4096, 2048));
    assertThat(gptj.block().attention().scale()).isEqualTo(0.0625f);
    assertThat(gptj.block().attention().rotary()).isEqualTo(RotarySpec.unscaled(64, 10_000));
    assertThat(gptj.block().bias()).isEqualTo(AttentionBias.NONE);
    assertThat(gptj.block().mlp()).isEqualTo(MlpSpec.plain(16_384, Activation.GELU_TANH, true));
    assertThat(gptj.block().residual()).isEqualTo(ResidualLayout.PARALLEL);
    assertThat(gptj.head().tying()).isEqualTo(HeadTying.OWN);
    assertThat(gptj.head().bias()).isTrue();
  }

  @Test
  void storage_ofQueriesAndKeysAlone_isInPairs() throws IOException {
    Architecture gptj = read("{'model_type':'gptj'}");
    BlockNames names = new GptjFamily().names().block().apply(3);

    assertThat(names.qkv())
        .map(module -> new GptjFamily().storage(gptj, module))
        .containsExactly(
            new RotaryPairStorage(256, 64), new RotaryPairStorage(256, 64), new PlainStorage());
    assertThat(new GptjFamily().storage(gptj, names.down())).isEqualTo(new PlainStorage());
  }

  @ParameterizedTest
  @CsvSource({
    "null, an even number from 2 to",
    "7, an even number from 2 to",
    "258, an even number from 2 to",
    "0, a size from 1 to",
    "-2, a size from 1 to"
  })
  void rotaryDims_thatHeadsCannotTurn_nameKeyAndFile(String dims, String expected) {
    assertThatThrownBy(() -> read("{'model_type':'gptj','rotary_dim':" + dims + "}"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected 'rotary_dim' to be " + expected)
        .hasMessageContaining("found " + dims);
  }

  private Architecture read(String config) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
