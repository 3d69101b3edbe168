package dev.cantilever.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {

  @ParameterizedTest
  @CsvSource({
    "24GiB,25769803776",
    "1.5 GiB,1610612736",
    "512mib,536870912",
    "3KiB,3072",
    "1TiB,1099511627776",
    "4096,4096",
    "0B,0"
  })
  void parse_binaryUnits_yieldsBytes(String text, long bytes) {
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"24GB", "24G", "-1GiB", "", "many", "1e3", "0.3B", "99999999999TiB"})
  void parse_anythingElse_saysWhatIsExpected(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected")
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void toString_usesLargestExactUnit() {
    assertThat(ByteSize.ofGib(24)).hasToString("24GiB");
    assertThat(ByteSize.parse("1.5GiB")).hasToString("1536MiB");
    assertThat(new ByteSize(1025)).hasToString("1025B");
  }

  @Property(seed = "1")
  void toString_anySize_parsesBack(@ForAll @LongRange(min = 0) long bytes) {
    assertThat(ByteSize.parse(new ByteSize(bytes).toString()).bytes()).isEqualTo(bytes);
  }
}
