package dev.cantilever.rollout;

import dev.cantilever.beam.ArrowBatch;
import dev.cantilever.beam.BatchKey;
import dev.cantilever.beam.BatchKeyCoder;
import dev.cantilever.rehearsal.RunMemory;
import dev.cantilever.row.Query;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.metrics.MetricName;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptor;

/** Samples a response to every query; a batch of rollouts, not yet scored, for each batch key. */
public final class GenerateRollouts
    extends PTransform<PCollection<Query>, PCollection<KV<BatchKey, ArrowBatch>>> {

  /** Beam's counter of the nanoseconds for which this stage held the device, all batches' sum. */
  public static final MetricName DEVICE_NANOS =
      MetricName.named(GenerateRollouts.class, "device_nanos");

  private static final long serialVersionUID = 1L;

  private final RolloutPolicy policy;
  private final RolloutSpec spec;
  private final RunMemory memory;

  private GenerateRollouts(RolloutPolicy policy, RolloutSpec spec, RunMemory memory) {
    this.policy = policy;
    this.spec = spec;
    this.memory = memory;
  }

  /**
   * Samples from a policy.
   *
   * @param memory how it takes the device's memory; no result depends on it
   */
  public static GenerateRollouts from(RolloutPolicy policy, RolloutSpec spec, RunMemory memory) {
    return new GenerateRollouts(policy, spec, memory);
  }

  @Override
  public PCollection<KV<BatchKey, ArrowBatch>> expand(PCollection<Query> queries) {
    return queries
        .apply(
            "Key by batch",
            WithKeys.<BatchKey, Query>of(query -> new BatchKey(query.step(), query.batch()))
                .withKeyType(TypeDescriptor.of(BatchKey.class)))
        .setCoder(KvCoder.of(BatchKeyCoder.of(), queries.getCoder()))
        .apply("Gather batches", GroupByKey.create())
        .apply("Generate", ParDo.of(new GenerateFn(policy, spec, memory)));
  }
}
