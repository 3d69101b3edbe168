package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GenerationTest extends GenerationConformance {

  /** No entry of the vocabulary. */
  private static final int NEVER_DRAWN = 1 << 20;

  @Override
  protected Backend open() {
    return Backends.cpu(256L << 20, 2);
  }

  @Test
  void decoding_betweenRowsThatEnd_makesTheSameCallsOnTheSameAddresses() throws IOException {
    RepeatedCalls calls = new RepeatedCalls(open());
    try (FixturePolicy policy =
        new FixturePolicy(calls.checked(), "gpt_neox", 1, KeepPlan.blockInputs())) {
      policy.wakeAdapter();
      int[][] queries = {{5, 9, 11}, {7}, {3, 4, 80, 2}};

      policy.generate(TokenRows.of(queries), new long[] {1, 2, 3}, new int[] {4, 9, 9}, 3);
    }
    // 3 steps of three rows and 5 of two, of which the first of each is what is repeated.
    assertThat(calls.repetitions()).isEqualTo(2 + 4);
  }

  @Test
  void decoding_whereNoRowCanEnd_waitsOnceInManySteps() throws IOException {
    RepeatedCalls calls = new RepeatedCalls(open());
    try (FixturePolicy policy =
        new FixturePolicy(calls.checked(), "gpt_neox", 1, KeepPlan.blockInputs())) {
      int[][] queries = {{5, 9, 11}, {7}};

      policy.generate(TokenRows.of(queries), new long[] {1, 2}, new int[] {36, 50}, 2);
    }
    // For the queries, after 32 and 3 steps of both rows, and after 14 of the longer one.
    assertThat(calls.downloads()).isEqualTo(1 + 2 + 1);
  }

  @Test
  void decoding_whereRowsMayEnd_waitsMoreOften() throws IOException {
    RepeatedCalls calls = new RepeatedCalls(open());
    try (FixturePolicy policy =
        new FixturePolicy(calls.checked(), "gpt_neox", 1, KeepPlan.blockInputs())) {
      int[][] queries = {{5, 9, 11}, {7}};

      policy.generateStopping(
          TokenRows.of(queries),
          new long[] {1, 2},
          new int[] {21, 24},
          2,
          new StopRule(Set.of(NEVER_DRAWN), Set.of()),
          GenerationSchedule.MOST_STEPS,
          7);
    }
    // For the queries, after 8, 8 and 4 steps of both rows, and after 2 and 1 of the longer one.
    assertThat(calls.downloads()).isEqualTo(1 + 3 + 2);
  }

  @Test
  void decoding_afterOthersHaveEntered_repeatsWhatWasRecorded() throws IOException {
    RepeatedCalls calls = new RepeatedCalls(open());
    try (FixturePolicy policy =
        new FixturePolicy(calls.checked(), "gpt_neox", 1, KeepPlan.blockInputs())) {
      policy.wakeAdapter();
      int[][] queries = {{5, 9, 11}, {7}, {3, 4, 80, 2}, {6, 6}};

      policy.generate(TokenRows.of(queries), new long[] {1, 2, 3, 4}, new int[] {4, 9, 9, 8}, 2);
    }
    // Two rows at once, of 3, 8, 8 and 7 steps behind their queries: 3 of rows 0 and 1, then row 2
    // enters; 5 with row 1, then row 3 enters; 3 with row 2, then 4 of row 3 alone.
    assertThat(calls.repetitions()).isEqualTo((3 + 5 + 3 - 1) + (4 - 1));
  }
}
