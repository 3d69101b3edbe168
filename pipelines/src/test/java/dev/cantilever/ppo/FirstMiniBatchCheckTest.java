package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FirstMiniBatchCheckTest {
  private static final TokenRows OLD =
      TokenRows.of("logprobs", new double[][] {{-1, -2}, {-3, -4}});

  @Test
  void ratioOne_sameBits_passes() {
    assertThatCode(() -> FirstMiniBatchCheck.requireRatioOne(OLD, OLD.map("new", x -> x)))
        .doesNotThrowAnyException();
  }

  @Test
  void ratioOne_oneUlpOff_isRefusedWithPlaceAndDiagnosis() {
    TokenRows now = TokenRows.of("new", new double[][] {{-1, -2}, {-3, Math.nextUp(-4.0)}});

    assertThatThrownBy(() -> FirstMiniBatchCheck.requireRatioOne(OLD, now))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("1 of 4 tokens")
        .hasMessageContaining("row 1 token 1")
        .hasMessageContaining("dropout");
  }

  @Test
  void freshAdapterKl_zerosOfEitherSign_pass() {
    assertThatCode(
            () ->
                FirstMiniBatchCheck.requireFreshAdapterKlZero(
                    TokenRows.of("kls", new double[][] {{0.0, -0.0}})))
        .doesNotThrowAnyException();
  }

  @Test
  void freshAdapterKl_notZero_isRefusedWithDiagnosis() {
    assertThatThrownBy(
            () ->
                FirstMiniBatchCheck.requireFreshAdapterKlZero(
                    TokenRows.of("kls", new double[][] {{0}, {0, 1e-300}})))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("row 1 token 1")
        .hasMessageContaining("reference");
  }
}
