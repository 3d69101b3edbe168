package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelConfig;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Rows of a model with {@code longrope} positions, which end before its config's positions do. */
class LongRopeRowsTest {

  private static final int ORIGINAL = 32; // of 64

  @Test
  void row_beyondTheOriginalPositions_isRefusedNamingKeyAndFile() throws IOException {
    ModelConfig config = ModelConfig.read(Fixtures.path("phi3"));
    Architecture phi3 = Families.of(config).architecture(config);

    assertThatCode(() -> TokenRows.of(new int[ORIGINAL]).requireFits(phi3))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> TokenRows.of(new int[ORIGINAL + 1]).requireFits(phi3))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected 1 to 32 tokens")
        .hasMessageContaining("original_max_position_embeddings in " + config.file())
        .hasMessageContaining("found 33. Shorten the texts.");
  }

  @Test
  void row_beyondPositionsOfAnotherKind_isRefusedWithoutThatKey() throws IOException {
    ModelConfig config = ModelConfig.read(Fixtures.path("llama"));
    Architecture llama = Families.of(config).architecture(config);
    int positions = config.requireInt("max_position_embeddings");

    assertThatThrownBy(() -> TokenRows.of(new int[positions + 1]).requireFits(llama))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected 1 to %d tokens".formatted(positions))
        .hasMessageNotContaining("original_max_position_embeddings");
  }
}
