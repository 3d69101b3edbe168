package dev.cantilever.prepare;

import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.jspecify.annotations.Nullable;

/**
 * Prepares shards, all of a worker's with one tokenizer: loading it takes longer than preparing a
 * small file. A teardown that never comes costs the tokenizer's memory until the process ends.
 */
final class PrepareShardFn extends DoFn<KV<Integer, ShardTask>, ShardOutcome> {

  private static final long serialVersionUID = 1L;

  private final PrepareJob job;
  private transient @Nullable TextTokenizer tokenizer;

  PrepareShardFn(PrepareJob job) {
    this.job = job;
  }

  @Setup
  public void load() throws IOException {
    tokenizer = TextTokenizer.load(Path.of(job.tokenizerDirectory()));
  }

  @ProcessElement
  public void process(@Element KV<Integer, ShardTask> task, OutputReceiver<ShardOutcome> outcomes)
      throws IOException {
    if (tokenizer == null) {
      throw new IllegalStateException("Beam used a function that prepares shards before its setup");
    }
    outcomes.output(ShardPreparation.prepare(job, task.getValue(), tokenizer));
  }

  @Teardown
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
      tokenizer = null;
    }
  }
}
