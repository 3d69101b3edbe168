package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PpoSpecTest {

  @Test
  void defaults_areTrlsExceptTheGradientNorm() {
    PpoSpec spec = PpoSpec.defaults();

    assertThat(spec.batch()).isEqualTo(new BatchSpec(128, 128, 4));
    assertThat(spec.kl())
        .isEqualTo(new KlSpec(KlPenalty.KL, KlSpec.Controller.ADAPTIVE, 0.2, 6, 10_000));
    assertThat(spec.score()).isEqualTo(ScoreSpec.of(false, false, Optional.empty()));
    assertThat(spec.advantage()).isEqualTo(new AdvantageSpec(1, 0.95, false));
    assertThat(spec.loss()).isEqualTo(new LossSpec(0.2, 0.2, 0.1, 10));
    assertThat(spec.stepSize()).isEqualTo(new StepSizeSpec(1.41e-5, 1.41e-5, Optional.of(1.0)));
    assertThat(spec.earlyStop()).isEqualTo(new EarlyStopSpec(false, 1));
  }

  @Test
  void batch_doesNotDivide_namesBothKeysAndNumbers() {
    assertThatThrownBy(() -> new BatchSpec(32, 5, 4))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("rows=32")
        .hasMessageContaining("mini_batch_size=5");
    assertThatThrownBy(() -> new BatchSpec(4, 8, 1)).hasMessageContaining("mini_batch_size=8");
  }

  @Test
  void specs_impossibleValue_nameTheKey() {
    assertRefused(() -> new BatchSpec(0, 1, 1), "rows");
    assertRefused(() -> new BatchSpec(8, 8, 0), "epochs");
    assertRefused(() -> KlSpec.defaults().withFixed(-0.1), "init_coef");
    assertRefused(() -> KlSpec.defaults().withAdaptive(0, 6, 10), "init_coef");
    assertRefused(() -> KlSpec.defaults().withAdaptive(0.2, 0, 10), "target");
    assertRefused(() -> new AdvantageSpec(1.01, 0.95, false), "gamma");
    assertRefused(() -> new AdvantageSpec(1, Double.NaN, false), "lam");
    assertRefused(() -> new LossSpec(0, 0.2, 0.1, 10), "cliprange");
    assertRefused(() -> new LossSpec(0.2, -1, 0.1, 10), "cliprange_value");
    assertRefused(() -> new LossSpec(0.2, 0.2, -1, 10), "vf_coef");
    assertRefused(() -> new LossSpec(0.2, 0.2, 0.1, 1), "ratio_threshold");
    assertRefused(() -> new LossSpec(0.2, 0.2, 0.1, Double.POSITIVE_INFINITY), "ratio_threshold");
    assertRefused(() -> new StepSizeSpec(0, 1, Optional.empty()), "learning_rate");
    assertRefused(() -> StepSizeSpec.defaults().withMaxGradNorm(0), "max_grad_norm");
    assertRefused(() -> new EarlyStopSpec(false, 0), "target_kl");
    assertRefused(() -> ScoreSpec.defaults().withClip(0), "clip");
    assertRefused(() -> ScoreSpec.of(false, true, Optional.of(1.0)), "use_score_norm");
    assertRefused(() -> KlPenalty.named("k3"), "kl, abs, mse, full");
  }

  @Test
  void horizon_shorterThanAFifthOfTheBatch_isRefusedBeforeTheRun() {
    PpoSpec spec = PpoSpec.defaults();
    KlSpec hasty = spec.kl().withAdaptive(0.2, 6, 25);

    assertRefused(() -> spec.withKl(hasty), "horizon");
    assertThat(spec.withKl(hasty.withFixed(0.2)).kl().start())
        .isEqualTo(new FixedKlController(0.2));
  }

  @Test
  void earlyStop_onlyWhenOnAndBeyondHalfAgainTheTarget() {
    EarlyStopSpec on = EarlyStopSpec.at(0.1);

    assertThat(on.stopsAfterEpoch(0.14)).isFalse();
    assertThat(on.stopsAfterEpoch(0.1500001)).isTrue();
    assertThat(on.stopsAfterEpoch(-5)).isFalse();
    assertThat(new EarlyStopSpec(false, 0.1).stopsAfterEpoch(1000)).isFalse();
  }

  @Test
  void spec_serialized_comesBackEqual() throws IOException, ClassNotFoundException {
    PpoSpec spec = PpoSpec.defaults();
    StepSizeSpec unclipped = new StepSizeSpec(1e-5, 1e-4, Optional.empty());

    assertThat(copy(spec)).isEqualTo(spec);
    PpoSpec other = spec.withScore(spec.score().withClip(4)).withStepSize(unclipped);
    assertThat(copy(other)).isEqualTo(other);
  }

  private static Object copy(Object object) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return in.readObject();
    }
  }

  private static void assertRefused(Runnable construction, String key) {
    assertThatThrownBy(construction::run)
        .isInstanceOf(PpoException.class)
        .hasMessageContaining(key);
  }
}
