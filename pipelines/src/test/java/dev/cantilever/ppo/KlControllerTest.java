package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class KlControllerTest {
  private static final double TOLERANCE = 1e-15; // a few roundings of a number near 0.2

  @Test
  void adaptive_klTwiceTheTarget_risesByTheClippedError() {
    KlController controller = new AdaptiveKlController(0.2, 6, 10_000);

    assertThat(controller.next(12, 256).coefficient()).isCloseTo(0.201024, within(TOLERANCE));
    assertThat(controller.coefficient()).isEqualTo(0.2);
  }

  @Test
  void adaptive_klNearTheTarget_movesInProportion() {
    KlController controller = new AdaptiveKlController(0.2, 6, 10_000);

    assertThat(controller.next(6, 256).coefficient()).isEqualTo(0.2);
    assertThat(controller.next(6.6, 100).coefficient())
        .isCloseTo(0.2 * (1 + 0.1 * 100 / 10_000), within(TOLERANCE));
    assertThat(controller.next(-3, 100).coefficient())
        .isCloseTo(0.2 * (1 - 0.2 * 100 / 10_000), within(TOLERANCE));
  }

  @Test
  void fixed_anyKl_keepsItsCoefficient() {
    KlController controller = KlSpec.defaults().withFixed(0.1).start();

    assertThat(controller.next(1000, 32)).isEqualTo(new FixedKlController(0.1));
  }

  @Test
  void next_klNotANumber_isRefused() {
    for (KlController controller :
        new KlController[] {new FixedKlController(0.1), KlSpec.defaults().start()}) {
      assertThatThrownBy(() -> controller.next(Double.NaN, 32))
          .isInstanceOf(PpoException.class)
          .hasMessageContaining("NaN");
    }
  }
}
