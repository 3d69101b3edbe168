package dev.cantilever.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SequencesTest {

  @Test
  void intSequence_sourceArrayChanged_keepsItsValues() {
    int[] source = {1, 2, 3};
    IntSequence sequence = IntSequence.of(source);
    source[0] = 99;
    sequence.toArray()[1] = 99;
    assertThat(sequence.toArray()).containsExactly(1, 2, 3);
  }

  @Test
  void floatSequence_sourceArrayChanged_keepsItsValues() {
    float[] source = {1, 2};
    FloatSequence sequence = FloatSequence.of(source);
    source[0] = 99;
    sequence.toArray()[1] = 99;
    assertThat(sequence.toArray()).containsExactly(1f, 2f);
  }

  @Test
  void floatSequence_zerosOfOtherSign_areNotEqual() {
    assertThat(FloatSequence.of(0f)).isNotEqualTo(FloatSequence.of(-0f));
  }

  @Test
  void floatSequence_nansOfSameBits_areEqual() {
    FloatSequence first = FloatSequence.of(Float.intBitsToFloat(0x7fc00001));
    FloatSequence same = FloatSequence.of(Float.intBitsToFloat(0x7fc00001));
    FloatSequence other = FloatSequence.of(Float.NaN);
    assertThat(first).isEqualTo(same).hasSameHashCodeAs(same).isNotEqualTo(other);
  }

  @Test
  void copyTo_targetTooShort_throwsAndCopiesNothing() {
    int[] target = {7, 7};
    assertThatThrownBy(() -> IntSequence.of(1, 2).copyTo(target, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(target).containsExactly(7, 7);
  }

  @Test
  void copyTo_offset_writesBehindIt() {
    float[] target = new float[4];
    FloatSequence.of(1, 2).copyTo(target, 1);
    assertThat(target).containsExactly(0, 1, 2, 0);
  }

  @Test
  void builder_manyValues_growsAndCanBeUsedFurther() {
    IntSequence.Builder builder = IntSequence.builder();
    for (int i = 0; i < 1000; i++) {
      builder.add(i);
    }
    IntSequence thousand = builder.build();
    builder.clear().add(5);
    assertThat(thousand.size()).isEqualTo(1000);
    assertThat(thousand.get(999)).isEqualTo(999);
    assertThat(builder.build()).isEqualTo(IntSequence.of(5));
  }

  @Test
  void asList_change_isRefused() {
    List<Integer> view = IntSequence.of(1).asList();
    assertThat(view).containsExactly(1);
    assertThatThrownBy(() -> view.set(0, 2)).isInstanceOf(UnsupportedOperationException.class);
  }
}
