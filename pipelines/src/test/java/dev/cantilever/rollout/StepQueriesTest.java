package dev.cantilever.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Query;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepQueriesTest {

  @TempDir private Path dir;

  @Test
  void ofStep_wholeDocuments_areAskedAsTheyAreOrLeftOut() throws IOException {
    Map<String, IntSequence> documents =
        Map.of(
            "short", IntSequence.of(5, 6, 7),
            "longest", IntSequence.of(1, 2, 3, 4, 5, 6, 7),
            "too long", IntSequence.of(1, 2, 3, 4, 5, 6, 7, 8));
    try (TextTokenizer tokenizer =
        TextTokenizer.load(EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, dir))) {
      StepQueries queries =
          new StepQueries(documents, RolloutSpec.defaults(), 1, tokenizer, true, new int[0]);

      List<Query> asked = queries.ofStep(queries.order(2), 1);

      assertThat(asked)
          .extracting(query -> query.queryIds().size())
          .containsExactlyInAnyOrder(3, 7);
    }
  }
}
