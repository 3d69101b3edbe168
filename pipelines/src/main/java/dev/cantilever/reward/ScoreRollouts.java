package dev.cantilever.reward;

import dev.cantilever.beam.ArrowBatch;
import dev.cantilever.beam.BatchKey;
import dev.cantilever.model.PassBytes;
import org.apache.beam.sdk.metrics.MetricName;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;

/** Gives every rollout of every batch its scores. */
public final class ScoreRollouts
    extends PTransform<
        PCollection<KV<BatchKey, ArrowBatch>>, PCollection<KV<BatchKey, ArrowBatch>>> {

  /** Beam's counter of the nanoseconds for which this stage held the device, all batches' sum. */
  public static final MetricName DEVICE_NANOS =
      MetricName.named(ScoreRollouts.class, "device_nanos");

  private static final long serialVersionUID = 1L;

  private final Judge judge;
  private final PassBytes bytes;

  private ScoreRollouts(Judge judge, PassBytes bytes) {
    this.judge = judge;
    this.bytes = bytes;
  }

  /**
   * Scores by a judge.
   *
   * @param bytes sizes of the arenas of its passes
   */
  public static ScoreRollouts by(Judge judge, PassBytes bytes) {
    return new ScoreRollouts(judge, bytes);
  }

  @Override
  public PCollection<KV<BatchKey, ArrowBatch>> expand(
      PCollection<KV<BatchKey, ArrowBatch>> batches) {
    return batches.apply("Score", ParDo.of(new ScoreFn(judge, bytes)));
  }
}
