package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PpoSpecTest {

  @Test
  void defaults_areTrlsExceptTheGradientNorm() {
    PpoSpec spec = PpoSpec.defaults();

    assertThat(spec.batch()).isEqualTo(new BatchSpec(128, 128, 4));
    assertThat(spec.kl())
        .isEqualTo(new KlSpec(KlPenalty.KL, new KlControllerSpec.Adaptive(0.2, 6, 10_000)));
    assertThat(spec.score()).isEqualTo(ScoreSpec.of(false, false, Double.POSITIVE_INFINITY));
    assertThat(spec.advantage()).isEqualTo(new AdvantageSpec(1, 0.95, false));
    assertThat(spec.loss()).isEqualTo(new LossSpec(0.2, 0.2, 0.1, 10));
    assertThat(spec.stepSize()).isEqualTo(new StepSizeSpec(1.41e-5, 1.41e-5, 1.0));
    assertThat(spec.earlyStop()).isEqualTo(new EarlyStopSpec(false, 1));
  }

  @Test
  void batch_doesNotDivide_namesBothKeysAndNumbers() {
    assertThatThrownBy(() -> new BatchSpec(32, 5, 4))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("batch_size=32")
        .hasMessageContaining("mini_batch_size=5");
    assertThatThrownBy(() -> new BatchSpec(4, 8, 1)).hasMessageContaining("mini_batch_size=8");
  }

  @Test
  void specs_impossibleValue_nameTheKey() {
    assertRefused(() -> new BatchSpec(0, 1, 1), "batch_size");
    assertRefused(() -> new BatchSpec(8, 8, 0), "ppo_epochs");
    assertRefused(() -> new KlControllerSpec.Fixed(-0.1), "init_kl_coef");
    assertRefused(() -> new KlControllerSpec.Adaptive(0, 6, 10), "init_kl_coef");
    assertRefused(() -> new KlControllerSpec.Adaptive(0.2, 0, 10), "target");
    assertRefused(() -> new AdvantageSpec(1.01, 0.95, false), "gamma");
    assertRefused(() -> new AdvantageSpec(1, Double.NaN, false), "lam");
    assertRefused(() -> new LossSpec(0, 0.2, 0.1, 10), "cliprange");
    assertRefused(() -> new LossSpec(0.2, -1, 0.1, 10), "cliprange_value");
    assertRefused(() -> new LossSpec(0.2, 0.2, -1, 10), "vf_coef");
    assertRefused(() -> new LossSpec(0.2, 0.2, 0.1, 1), "ratio_threshold");
    assertRefused(() -> new LossSpec(0.2, 0.2, 0.1, Double.POSITIVE_INFINITY), "ratio_threshold");
    assertRefused(() -> new StepSizeSpec(0, 1, 1), "learning_rate");
    assertRefused(() -> new StepSizeSpec(1, 1, 0), "max_grad_norm");
    assertRefused(() -> new EarlyStopSpec(false, 0), "target_kl");
    assertRefused(() -> new ScoreSpec(ScoreSpec.Scaling.NONE, 0), "score_clip");
    assertRefused(() -> ScoreSpec.of(false, true, 1), "use_score_norm");
    assertRefused(() -> KlPenalty.named("k3"), "kl, abs, mse, full");
  }

  @Test
  void horizon_shorterThanAFifthOfTheBatch_isRefusedBeforeTheRun() {
    PpoSpec spec = PpoSpec.defaults();
    KlSpec hasty = spec.kl().withController(new KlControllerSpec.Adaptive(0.2, 6, 25));

    assertRefused(() -> spec.withKl(hasty), "horizon");
  }

  @Test
  void earlyStop_onlyWhenOnAndBeyondHalfAgainTheTarget() {
    EarlyStopSpec on = EarlyStopSpec.at(0.1);

    assertThat(on.stopsAfterEpoch(0.14)).isFalse();
    assertThat(on.stopsAfterEpoch(0.1500001)).isTrue();
    assertThat(on.stopsAfterEpoch(-5)).isFalse();
    assertThat(new EarlyStopSpec(false, 0.1).stopsAfterEpoch(1000)).isFalse();
  }

  private static void assertRefused(Runnable construction, String key) {
    assertThatThrownBy(construction::run)
        .isInstanceOf(PpoException.class)
        .hasMessageContaining(key);
  }
}
