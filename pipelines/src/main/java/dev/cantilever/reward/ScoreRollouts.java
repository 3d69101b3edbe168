package dev.cantilever.reward;

import dev.cantilever.beam.ArrowBatch;
import dev.cantilever.beam.BatchKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;

/** Gives every rollout of every batch its scores. */
public final class ScoreRollouts
    extends PTransform<
        PCollection<KV<BatchKey, ArrowBatch>>, PCollection<KV<BatchKey, ArrowBatch>>> {

  private static final long serialVersionUID = 1L;

  private final Judge judge;

  private ScoreRollouts(Judge judge) {
    this.judge = judge;
  }

  /** Scores by a judge. */
  public static ScoreRollouts by(Judge judge) {
    return new ScoreRollouts(judge);
  }

  @Override
  public PCollection<KV<BatchKey, ArrowBatch>> expand(
      PCollection<KV<BatchKey, ArrowBatch>> batches) {
    return batches.apply("Score", ParDo.of(new ScoreFn(judge)));
  }
}
