package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RewardShaperTest {
  private static final TokenRows LOGPROBS =
      TokenRows.of("logprobs", new double[][] {{-1, -2, -4}, {-3}});
  private static final TokenRows REF_LOGPROBS =
      TokenRows.of("ref_logprobs", new double[][] {{-1.5, -1, -4}, {-2}});

  @Test
  void klTerms_eachPenalty_followsItsFormula() {
    assertThat(terms(KlPenalty.KL)).containsExactly(0.5, -1, 0, -1);
    assertThat(terms(KlPenalty.ABS)).containsExactly(0.5, 1, 0, 1);
    assertThat(terms(KlPenalty.MSE)).containsExactly(0.125, 0.5, 0, 0.5);
  }

  @Test
  void klTerms_full_mustComeFromTheForwardPass() {
    assertThatThrownBy(() -> terms(KlPenalty.FULL))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("kl_penalty=full");
  }

  @Test
  void shape_handTable_addsTheScoreAtEachLastToken() {
    TokenRows kls = RewardShaper.klTerms(KlPenalty.KL, LOGPROBS, REF_LOGPROBS);

    ShapedRewards rewards = RewardShaper.shape(0.5, kls, new double[] {10, -1});

    assertThat(rewards.nonScoreRewards().values()).containsExactly(-0.25, 0.5, -0.0, 0.5);
    assertThat(rewards.rewards().row(0)).containsExactly(-0.25, 0.5, 10);
    assertThat(rewards.rewards().row(1)).containsExactly(-0.5);
  }

  @Test
  void shape_scoresAndRowsDiffer_isRefused() {
    TokenRows kls = RewardShaper.klTerms(KlPenalty.KL, LOGPROBS, REF_LOGPROBS);

    assertThatThrownBy(() -> RewardShaper.shape(0.5, kls, new double[] {1}))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("found 1");
  }

  private static double[] terms(KlPenalty penalty) {
    return RewardShaper.klTerms(penalty, LOGPROBS, REF_LOGPROBS).values();
  }
}
