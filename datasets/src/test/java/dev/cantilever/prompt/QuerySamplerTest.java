package dev.cantilever.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class QuerySamplerTest {

  @Test
  void length_manyDocuments_isUniformOverBothInclusiveBounds() {
    QuerySampler sampler = new QuerySampler(5, 2, 8);
    Map<Integer, Long> counts =
        IntStream.range(0, 14_000)
            .mapToObj(i -> sampler.length("doc-" + i))
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));

    assertThat(counts).containsOnlyKeys(2, 3, 4, 5, 6, 7, 8);
    // Each count is binomial(14000, 1/7): mean 2000, standard deviation 41.4; four of them.
    assertThat(counts.values()).allMatch(count -> Math.abs(count - 2_000) < 166);
  }

  @Property(seed = "1")
  void query_anyDocument_isItsFirstTokens(
      @ForAll long seed,
      @ForAll String id,
      @ForAll @IntRange(min = 1, max = 9) int min,
      @ForAll @IntRange(max = 9) int more,
      @ForAll @IntRange(max = 30) int extra) {
    QuerySampler sampler = new QuerySampler(seed, min, min + more);
    int[] tokens = IntStream.range(0, min + extra).toArray();

    int[] query = sampler.query(id, tokens);

    assertThat(query).hasSize(Math.min(sampler.length(id), tokens.length));
    assertThat(query).containsExactly(Arrays.copyOf(tokens, query.length));
    assertThat(sampler.length(id)).isBetween(min, min + more);
  }

  @Test
  void query_tooShortDocument_isRefused() {
    QuerySampler sampler = new QuerySampler(0, 3, 5);

    assertThat(sampler.accepts(2)).isFalse();
    assertThat(sampler.accepts(3)).isTrue();
    assertThatThrownBy(() -> sampler.query("d", new int[] {1, 2}))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("document d")
        .hasMessageContaining("at least 3 tokens");
  }

  @Test
  void range_theWrongWayRound_isRefused() {
    assertThatThrownBy(() -> new QuerySampler(0, 3, 2))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("min_tokens 3 and max_tokens 2")
        .hasMessageContaining("inclusive");
  }
}
