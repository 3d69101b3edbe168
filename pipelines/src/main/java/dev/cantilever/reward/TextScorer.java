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
    List<int[]> rows =
        texts.stream()
            .map(text -> hosted.tokenizer().encodeWithSpecialTokens(text, longest))
            .toList();
    List<List<Score>> scores = new ArrayList<>(texts.size());
    try (PassMemory memory = new PassMemory(backend, "scoring", bytes)) {
      for (int from = 0; from < rows.size(); ) {
        int to = endOfPass(rows, from);
        for (float[] logits : logits(memory, rows.subList(from, to))) {
          scores.add(scores(logits));
        }
        from = to;
      }
    }
    return scores;
  }

  /** One past the last text that goes through the model together with text {@code from}. */
  private int endOfPass(List<int[]> rows, int from) {
    Architecture architecture = hosted.model().transformer().architecture();
    int first = rows.get(from).length;
    int tokens = first;
    int to = from + 1;
    while (to < rows.size()
        && tokens + rows.get(to).length <= RewardSpec.PASS_TOKENS
        && architecture.takesTogether(first, rows.get(to).length)) {
      tokens += rows.get(to++).length;
    }
    return to;
  }

  private float[][] logits(PassMemory memory, List<int[]> rows) {
    SequenceClassifier classifier = hosted.model();
    TokenRows packed = TokenRows.of(rows.toArray(int[][]::new));
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
