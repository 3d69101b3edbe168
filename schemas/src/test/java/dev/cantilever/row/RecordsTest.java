package dev.cantilever.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecordsTest {

  @Test
  void query_withoutTokens_isRefused() {
    assertThatThrownBy(() -> new Query(1, 0, 5, "", IntSequence.empty()))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("at least one token id")
        .hasMessageContaining("queryId 5");
  }

  @Test
  void tokenizedDocument_withoutTokens_isRefusedByName() {
    assertThatThrownBy(
            () -> new TokenizedDocument("reviews.jsonl#7", Split.TRAIN, IntSequence.empty()))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("at least one token id")
        .hasMessageContaining("reviews.jsonl#7");
  }

  @Test
  void response_logprobMissing_isRefusedWithBothLengths() {
    assertThatThrownBy(
            () ->
                new Response(
                    "x", IntSequence.of(1, 2), FloatSequence.of(-1f), StopReason.END_OF_TEXT))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("samplerLogprobs")
        .hasMessageContaining("length of ids, 2, found 1");
  }

  @Test
  void rollout_scoresListChanged_keepsItsScores() {
    List<Score> scores = new ArrayList<>(List.of(new Score("judge", "good", 1)));
    Rollout rollout = Examples.rollout(1).withScores(scores);
    scores.clear();
    assertThat(rollout.scores()).hasSize(1);
  }

  @Test
  void rolloutUpdate_oneColumnShorter_isRefusedByName() {
    FloatSequence two = FloatSequence.of(1, 2);
    FloatSequence one = FloatSequence.of(1);
    assertThatThrownBy(() -> new RolloutUpdate(1, 1, two, two, two, one, two, two))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("rewards");
  }

  @Test
  void stepStats_statisticMissing_isRefusedByName() {
    Map<Statistic, Double> statistics = new EnumMap<>(Statistic.class);
    for (Statistic statistic : Statistic.values()) {
      statistics.put(statistic, 1.0);
    }
    statistics.remove(Statistic.KL);
    assertThatThrownBy(() -> new StepStats("run", 1, 1, "digest", statistics))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("objective/kl");
  }

  @Test
  void statistic_unknownLabel_listsTheLegalOnes() {
    assertThat(Statistic.ofLabel("ppo/loss/policy")).isEqualTo(Statistic.LOSS_POLICY);
    assertThatThrownBy(() -> Statistic.ofLabel("ppo/los/policy"))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("ppo/loss/policy");
  }

  @Test
  void statistic_labels_areDistinct() {
    assertThat(Arrays.stream(Statistic.values()).map(Statistic::label)).doesNotHaveDuplicates();
  }
}
