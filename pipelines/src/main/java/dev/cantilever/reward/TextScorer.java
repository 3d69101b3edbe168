package dev.cantilever.reward;

import dev.cantilever.backend.Backend;
import dev.cantilever.host.Hosted;
import dev.cantilever.model.Architecture;
import dev.cantilever.model.PassBytes;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.SequenceClassifier;
import dev.cantilever.model.TokenRows;
import dev.cantilever.row.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A classifier's logits of texts, as scores. Lives within one lease. */
final class TextScorer {

  private final Backend backend;
  private final Hosted<SequenceClassifier> hosted;
  private final Judge judge;
  private final PassBytes bytes;
  private final int[] order; // outputs, the rewarded one first

  /**
   * @param bytes sizes of the arenas of its passes
   * @throws dev.cantilever.hub.CheckpointException if the classifier has no label of the judge's
   *     name
   */
  TextScorer(Backend backend, Hosted<SequenceClassifier> hosted, Judge judge, PassBytes bytes) {
    this.backend = backend;
    this.hosted = hosted;
    this.judge = judge;
    this.bytes = bytes;
    this.order = order(hosted.model().labels());
  }

  private int[] order(List<String> labels) {
    int rewarded = judge.rewarded(labels);
    int[] outputs = new int[labels.size()];
    outputs[0] = rewarded;
    int next = 1;
    for (int label = 0; label < labels.size(); label++) {
      if (label != rewarded) {
        outputs[next++] = label;
      }
    }
    return outputs;
  }

  List<List<Score>> scores(List<String> texts) {
    int longest = Math.min(judge.maxTokens(), hosted.model().maxPositions());
    TokenRows rows =
        TokenRows.of(
            texts.stream()
                .map(text -> hosted.tokenizer().encodeWithSpecialTokens(text, longest))
                .toArray(int[][]::new));
    Architecture architecture = hosted.model().transformer().architecture();
    List<List<Score>> scores = new ArrayList<>(texts.size());
    try (PassMemory memory = new PassMemory(backend, "scoring", bytes)) {
      for (int from = 0; from < rows.rows(); ) {
        int to = rows.endOfPass(architecture, from, RewardSpec.PASS_TOKENS);
        for (float[] logits : logits(memory, rows.slice(from, to))) {
          scores.add(scores(logits));
        }
        from = to;
      }
    }
    return scores;
  }

  private float[][] logits(PassMemory memory, TokenRows packed) {
    SequenceClassifier classifier = hosted.model();
    packed.requireFits(classifier.transformer().architecture());
    memory.reset();
    return classifier.logits(
        backend, memory.upload(packed, Set.of()), memory.batch(), memory.kept(), memory.scratch());
  }

  private List<Score> scores(float[] logits) {
    List<String> labels = hosted.model().labels();
    List<Score> scores = new ArrayList<>(order.length);
    for (int output : order) {
      scores.add(new Score(judge.model().name(), labels.get(output), logits[output]));
    }
    return scores;
  }
}
