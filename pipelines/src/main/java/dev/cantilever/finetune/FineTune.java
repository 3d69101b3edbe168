package dev.cantilever.finetune;

import dev.cantilever.beam.ReadRecords;
import dev.cantilever.codec.Schemas;
import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.host.ModelRef;
import dev.cantilever.row.TokenRow;
import java.nio.file.Path;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.io.FileIO;
import org.apache.beam.sdk.io.fs.EmptyMatchTreatment;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptors;

/**
 * Fine-tunes an adapter on the rows that a manifest commits, and publishes it. Takes the manifest's
 * path, one; gives the summary.
 */
public final class FineTune extends PTransform<PCollection<String>, PCollection<FineTuneSummary>> {

  private static final long serialVersionUID = 1L;

  /** The one key under which all rows come together. */
  private static final int ALL = 0;

  private final FineTuneJob job;

  private FineTune(FineTuneJob job) {
    this.job = job;
  }

  /**
   * Fine-tunes a fresh adapter.
   *
   * @param spec how
   * @param lora the adapter
   * @param device where
   * @param base over which base
   * @param adapterOut the directory in which it appears
   * @param seed of the run
   */
  public static FineTune adapter(
      FineTuneSpec spec,
      LoraSpec lora,
      DeviceSpec device,
      ModelRef base,
      Path adapterOut,
      long seed) {
    return new FineTune(
        new FineTuneJob(
            spec, lora, device, base, adapterOut.toAbsolutePath().normalize().toString(), seed));
  }

  @Override
  public PCollection<FineTuneSummary> expand(PCollection<String> manifests) {
    PCollection<TokenRow> rows =
        manifests
            .apply("Name shards", ParDo.of(new TokenShardsFn()))
            .apply(
                "Find shards",
                FileIO.matchAll().withEmptyMatchTreatment(EmptyMatchTreatment.DISALLOW))
            .apply("Open shards", FileIO.readMatches())
            .apply("Read shards", ReadRecords.of(Schemas.TOKEN_ROW));
    return rows.apply(
            "Key alike",
            WithKeys.<Integer, TokenRow>of(ALL).withKeyType(TypeDescriptors.integers()))
        .setCoder(KvCoder.of(VarIntCoder.of(), rows.getCoder()))
        .apply("Gather rows", GroupByKey.create())
        .apply("Train", ParDo.of(new FineTuneFn(job)))
        .setCoder(SerializableCoder.of(FineTuneSummary.class));
  }
}
