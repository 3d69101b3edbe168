package dev.cantilever.reward;

import dev.cantilever.beam.ArrowBatch;
import dev.cantilever.beam.BatchKey;
import dev.cantilever.codec.Schemas;
import dev.cantilever.host.Hosted;
import dev.cantilever.host.ModelHost;
import dev.cantilever.host.ModelLease;
import dev.cantilever.model.PassBytes;
import dev.cantilever.model.SequenceClassifier;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.Score;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Rollouts of a batch to the same with scores, on the leased device. */
final class ScoreFn extends DoFn<KV<BatchKey, ArrowBatch>, KV<BatchKey, ArrowBatch>> {

  private static final long serialVersionUID = 1L;

  private final Judge judge;
  private final PassBytes bytes;
  private final Counter deviceNanos =
      Metrics.counter(
          ScoreRollouts.DEVICE_NANOS.getNamespace(), ScoreRollouts.DEVICE_NANOS.getName());

  ScoreFn(Judge judge, PassBytes bytes) {
    this.judge = judge;
    this.bytes = bytes;
  }

  @ProcessElement
  public void process(
      @Element KV<BatchKey, ArrowBatch> element, OutputReceiver<KV<BatchKey, ArrowBatch>> batches)
      throws IOException, InterruptedException {
    List<Rollout> rollouts = element.getValue().records(Schemas.ROLLOUT);
    List<String> texts =
        rollouts.stream().map(r -> r.query().query() + r.response().text()).toList();
    List<List<Score>> scores;
    try (ModelLease lease = ModelHost.lease(judge.device(), "score rollouts", deviceNanos::inc)) {
      Hosted<SequenceClassifier> classifier = lease.classifier(judge.model());
      scores = new TextScorer(lease.backend(), classifier, judge, bytes).scores(texts);
    }
    List<Rollout> scored = new ArrayList<>(rollouts.size());
    for (int row = 0; row < rollouts.size(); row++) {
      scored.add(rollouts.get(row).withScores(scores.get(row)));
    }
    batches.output(KV.of(element.getKey(), ArrowBatch.ofRecords(Schemas.ROLLOUT, scored)));
  }
}
