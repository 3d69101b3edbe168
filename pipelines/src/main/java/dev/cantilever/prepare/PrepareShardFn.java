package dev.cantilever.prepare;

import java.io.IOException;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Prepares a shard. */
final class PrepareShardFn extends DoFn<KV<Integer, ShardTask>, ShardOutcome> {

  private static final long serialVersionUID = 1L;

  private final PrepareJob job;

  PrepareShardFn(PrepareJob job) {
    this.job = job;
  }

  @ProcessElement
  public void process(@Element KV<Integer, ShardTask> task, OutputReceiver<ShardOutcome> outcomes)
      throws IOException {
    outcomes.output(ShardPreparation.prepare(job, task.getValue()));
  }
}
