package dev.cantilever.commit;

import dev.cantilever.beam.ArrowBatch;
import dev.cantilever.beam.BatchKey;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptors;

/** Writes batches of rollouts as Parquet and commits them; emits the manifest's path. */
public final class CommitRollouts
    extends PTransform<PCollection<KV<BatchKey, ArrowBatch>>, PCollection<String>> {

  private static final long serialVersionUID = 1L;
  private static final KvCoder<String, Integer> FILE =
      KvCoder.of(StringUtf8Coder.of(), VarIntCoder.of());

  private final CommitSpec spec;

  private CommitRollouts(CommitSpec spec) {
    this.spec = spec;
  }

  /** Commits as the spec says. */
  public static CommitRollouts as(CommitSpec spec) {
    return new CommitRollouts(spec);
  }

  @Override
  public PCollection<String> expand(PCollection<KV<BatchKey, ArrowBatch>> batches) {
    return batches
        .apply("Write batch", ParDo.of(new WriteBatchFn(spec.directory())))
        .setCoder(FILE)
        .apply(
            "Gather files",
            WithKeys.<Integer, KV<String, Integer>>of(spec.step())
                .withKeyType(TypeDescriptors.integers()))
        .setCoder(KvCoder.of(VarIntCoder.of(), FILE))
        .apply(GroupByKey.create())
        .apply("Commit", ParDo.of(new CommitFn(spec)))
        .setCoder(StringUtf8Coder.of())
        // Whoever comes next must not be fused to the commit: it would run before it is durable.
        .apply("After the commit", Reshuffle.viaRandomKey());
  }
}
