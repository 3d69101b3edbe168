package dev.cantilever.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.BackendKind;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DeviceBudgetTest {
  private static final long GIB = 1L << 30;
  private static final long MIB = 1L << 20;

  @Test
  void machine_anySize_givesHalfAndAtLeastOneGib() {
    assertThat(DeviceBudget.ofMachine(64 * GIB).bytes()).isEqualTo(32 * GIB);
    assertThat(DeviceBudget.ofMachine(3 * GIB).bytes()).isEqualTo(3 * GIB / 2);
    assertThat(DeviceBudget.ofMachine(GIB).bytes()).isEqualTo(GIB);
  }

  @Test
  void card_withFreeMemory_givesItLessTheMargin() {
    DeviceBudget budget = DeviceBudget.ofCard(OptionalLong.of(80 * GIB));

    assertThat(budget.bytes()).isEqualTo(80 * GIB - 512 * MIB);
    assertThat(budget).hasToString("79.5 GiB, what the card has free, less 512MiB");
  }

  @Test
  void card_thatIsFull_givesAsGoodAsNothing() {
    assertThat(DeviceBudget.ofCard(OptionalLong.of(100 * MIB)).bytes()).isEqualTo(1);
  }

  @Test
  void card_thatIsNotThere_is24GibAndSaysSo() {
    DeviceBudget budget = DeviceBudget.ofCard(OptionalLong.empty());

    assertThat(budget.bytes()).isEqualTo(24 * GIB);
    assertThat(budget.toString()).startsWith("24.0 GiB").contains("no CUDA device");
  }

  @Test
  void otherwise_askedTwice_isTheSame() {
    assertThat(DeviceBudget.otherwise(BackendKind.CUDA))
        .isEqualTo(DeviceBudget.otherwise(BackendKind.CUDA));
  }
}
