package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranks and scales of an adapter that is written with its beginning subtracted. */
class LoraRanksTest {

  private static final String PLAIN = "model.layers.0.self_attn.q_proj";
  private static final String RANKED = "model.layers.0.self_attn.v_proj";
  private static final String BOTH = "model.layers.0.mlp.up_proj";

  /** A few roundings of doubles. */
  private static final double TOLERANCE = 1e-15;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void doubled_patternsWithAndWithoutRslora_keepsEveryScale(boolean rslora) {
    LoraRanks ranks =
        new LoraRanks(
            4, 9, rslora, Map.of("v_proj", 3, "up_proj", 8), Map.of("up_proj", 2.5, "o_proj", 1.0));

    LoraRanks doubled = ranks.doubled();

    for (String module : new String[] {PLAIN, RANKED, BOTH}) {
      assertThat(doubled.rank(module)).isEqualTo(2 * ranks.rank(module));
      assertThat(doubled.scale(module)).isCloseTo(ranks.scale(module), within(TOLERANCE));
    }
  }
}
