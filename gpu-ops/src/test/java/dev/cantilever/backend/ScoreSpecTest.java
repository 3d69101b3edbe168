package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreSpecTest {

  @Test
  void alibi_powerOfTwoOfHeads_isAGeometricSequence() {
    assertThat(ScoreSpec.alibi(1).slopes()).containsExactly(1f / 256);
    assertThat(ScoreSpec.alibi(8).slopes())
        .containsExactly(1f / 2, 1f / 4, 1f / 8, 1f / 16, 1f / 32, 1f / 64, 1f / 128, 1f / 256);
  }

  @Test
  void alibi_otherNumberOfHeads_continuesWithEveryOtherOfTwiceAsMany() {
    assertThat(ScoreSpec.alibi(6).slopes())
        .containsExactly(1f / 4, 1f / 16, 1f / 64, 1f / 256, 1f / 2, 1f / 8);
    List<Float> slopes = ScoreSpec.alibi(112).slopes(); // BLOOM's largest
    assertThat(slopes).hasSize(112);
    assertThat(slopes.subList(0, 64)).isEqualTo(ScoreSpec.alibi(64).slopes());
    for (int h = 64; h < 112; h++) {
      assertThat(slopes.get(h)).isEqualTo(ScoreSpec.alibi(128).slopes().get(2 * (h - 64)));
    }
  }

  @Test
  void window_countsTheTokenItself() {
    ScoreSpec spec = ScoreSpec.windowed(6);

    assertThat(spec.firstKey(5)).isZero();
    assertThat(spec.firstKey(6)).isEqualTo(1);
    assertThat(spec.endOfTokens(1, 100)).isEqualTo(7);
    assertThat(spec.endOfTokens(1, 4)).isEqualTo(4);
    assertThat(ScoreSpec.PLAIN.firstKey(Integer.MAX_VALUE - 1)).isZero();
    assertThat(ScoreSpec.PLAIN.endOfTokens(7, 100)).isEqualTo(100);
  }

  @Test
  void impossibleNumbers_throwNamingThem() {
    assertThatThrownBy(() -> ScoreSpec.windowed(0)).hasMessageContaining("window=0");
    assertThatThrownBy(() -> ScoreSpec.capped(0)).hasMessageContaining("cap=0.0");
    assertThatThrownBy(() -> spec(true).withScores(ScoreSpec.alibi(3)))
        .hasMessageContaining("slope for each of 2 heads");
    assertThatThrownBy(() -> spec(false).withScores(ScoreSpec.windowed(3)))
        .hasMessageContaining("window of causal attention");
  }

  @Test
  void bias_staysWithAnotherWindow() {
    Tensor values = Tensor.at(64, DType.F32, Shape.of(2, 9));
    ScoreSpec spec = ScoreSpec.alibi(2).withBias(new DistanceBias(values)).withWindow(3);

    assertThat(spec.isBiased()).isTrue();
    assertThat(spec.bias().orElseThrow().values()).isSameAs(values);
    assertThat(spec.bias().orElseThrow().farthest()).isEqualTo(4);
    assertThat(spec.slopes()).hasSize(2);
    assertThat(ScoreSpec.PLAIN.isBiased()).isFalse();
  }

  private static AttentionSpec spec(boolean causal) {
    return new AttentionSpec(2, 2, 4, HeadLayout.SPLIT, causal, 0.5f, RotarySpec.NONE);
  }
}
