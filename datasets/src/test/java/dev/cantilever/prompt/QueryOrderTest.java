package dev.cantilever.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class QueryOrderTest {

  @Property(seed = "1", tries = 200)
  void epoch_anySizes_takesEachDocumentOnceButTheRemainder(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 7) int rows,
      @ForAll @IntRange(max = 40) int more,
      @ForAll @IntRange(max = 3) int epoch) {
    List<String> ids = ids(rows + more);
    QueryOrder order = new QueryOrder(ids, rows, seed);
    int steps = order.stepsPerEpoch();

    List<String> taken = new ArrayList<>();
    for (int i = 1; i <= steps; i++) {
      long step = (long) epoch * steps + i;
      assertThat(order.epoch(step)).isEqualTo(epoch);
      assertThat(order.step(step)).hasSize(rows);
      taken.addAll(order.step(step));
    }

    assertThat(steps).isEqualTo(ids.size() / rows);
    assertThat(taken).doesNotHaveDuplicates().hasSize(ids.size() - ids.size() % rows);
    assertThat(ids).containsAll(taken);
  }

  @Property(seed = "1", tries = 100)
  void step_shuffledInputAndNoHistory_isTheSame(
      @ForAll long seed, @ForAll long shuffle, @ForAll @IntRange(min = 1, max = 60) int step) {
    List<String> ids = ids(23);
    QueryOrder one = new QueryOrder(ids, 5, seed);
    for (int s = 1; s < step; s++) {
      one.step(s);
    }
    Collections.shuffle(ids, new Random(shuffle));

    assertThat(new QueryOrder(ids, 5, seed).step(step)).isEqualTo(one.step(step));
  }

  @Test
  void epochs_andSeeds_haveTheirOwnPermutations() {
    QueryOrder order = new QueryOrder(ids(50), 50, 1);

    assertThat(order.step(1)).isNotEqualTo(order.step(2));
    assertThat(order.step(1)).isNotEqualTo(new QueryOrder(ids(50), 50, 2).step(1));
  }

  @Test
  void remainder_overManyEpochs_isNotAlwaysTheSame() {
    QueryOrder order = new QueryOrder(ids(5), 4, 1);
    Set<String> seen = new HashSet<>();
    for (int step = 1; step <= 20; step++) {
      seen.addAll(order.step(step));
    }

    assertThat(seen).hasSize(5);
  }

  @Test
  void permutation_ofThree_isUniformOverSix() {
    QueryOrder order = new QueryOrder(ids(3), 3, 9);
    int[] counts = new int[6];
    List<List<String>> seen = new ArrayList<>();
    for (int step = 1; step <= 6_000; step++) {
      List<String> permutation = List.copyOf(order.step(step));
      if (!seen.contains(permutation)) {
        seen.add(permutation);
      }
      counts[seen.indexOf(permutation)]++;
    }

    // Binomial(6000, 1/6): mean 1000, standard deviation 28.9; four of them.
    assertThat(counts).hasSize(6);
    assertThat(IntStream.of(counts)).allMatch(count -> Math.abs(count - 1_000) < 116);
  }

  @Test
  void documents_fewerThanRows_areRefused() {
    assertThatThrownBy(() -> new QueryOrder(ids(3), 4, 0))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("at least 4")
        .hasMessageContaining("3 documents");
  }

  @Test
  void ids_repeated_areRefused() {
    assertThatThrownBy(() -> new QueryOrder(List.of("a", "b", "a"), 1, 0))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("'a' twice");
  }

  @Test
  void step_belowOne_isRefused() {
    QueryOrder order = new QueryOrder(ids(3), 1, 0);

    assertThatThrownBy(() -> order.step(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("found 0");
  }

  @Test
  void evaluation_anyInputOrder_isFixedAndGrowsAtItsEnd() {
    List<String> ids = ids(100);
    List<String> chosen = EvaluationPrompts.choose(ids, 64, 3);
    Collections.reverse(ids);

    assertThat(chosen).hasSize(64).doesNotHaveDuplicates();
    assertThat(EvaluationPrompts.choose(ids, 64, 3)).isEqualTo(chosen);
    assertThat(EvaluationPrompts.choose(ids, 65, 3).subList(0, 64)).isEqualTo(chosen);
    assertThat(EvaluationPrompts.choose(ids, 64, 4)).isNotEqualTo(chosen);
  }

  @Test
  void evaluation_moreThanThereAre_isRefused() {
    assertThatThrownBy(() -> EvaluationPrompts.choose(ids(3), 4, 0))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("4 prompts of 3 test documents");
  }

  private static List<String> ids(int n) {
    return new ArrayList<>(IntStream.range(0, n).mapToObj(i -> "doc-" + i).toList());
  }
}
