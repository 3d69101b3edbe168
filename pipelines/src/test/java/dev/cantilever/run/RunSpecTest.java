package dev.cantilever.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.recipe.ByteSize;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RunSpecTest {
  private static final long GIB = 1L << 30;

  @Test
  void budgetBytes_given_isThat() {
    RunSpec d = RunSpec.defaults();
    RunSpec spec =
        new RunSpec(
            d.model(),
            d.adapter(),
            d.backend(),
            Optional.of(new ByteSize(12_345)),
            d.int8Mode(),
            d.seed());

    assertThat(spec.budgetBytes()).isEqualTo(12_345);
  }

  @Test
  void budgetBytes_notGiven_isHalfOfTheMachineAndAtLeastOneGib() {
    assertThat(RunSpec.budgetOf(64 * GIB)).isEqualTo(32 * GIB);
    assertThat(RunSpec.budgetOf(3 * GIB)).isEqualTo(3 * GIB / 2);
    assertThat(RunSpec.budgetOf(GIB)).isEqualTo(GIB);
    assertThat(RunSpec.defaults().budgetBytes()).isGreaterThanOrEqualTo(GIB);
  }
}
