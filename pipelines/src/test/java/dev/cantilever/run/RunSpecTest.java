package dev.cantilever.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.recipe.ByteSize;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RunSpecTest {

  @Test
  void deviceBudget_given_isThat() {
    RunSpec d = RunSpec.defaults();
    RunSpec spec =
        new RunSpec(
            d.model(),
            d.adapter(),
            d.backend(),
            Optional.of(new ByteSize(12_345)),
            d.int8Mode(),
            d.seed());

    assertThat(spec.deviceBudget().bytes()).isEqualTo(12_345);
  }

  @Test
  void deviceBudget_notGiven_isTheDevices() {
    assertThat(RunSpec.defaults().deviceBudget().bytes()).isGreaterThanOrEqualTo(1L << 30);
    assertThat(RunSpec.defaults().deviceBudget().origin()).contains("machine");
  }
}
