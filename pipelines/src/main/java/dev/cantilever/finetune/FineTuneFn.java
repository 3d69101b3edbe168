package dev.cantilever.finetune;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.backend.Backend;
import dev.cantilever.host.ModelHost;
import dev.cantilever.host.ModelLease;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.StagedDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.PassMemory;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.row.TokenRow;
import java.io.IOException;
import java.nio.file.Files;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** All rows to a published adapter, on the leased device. */
final class FineTuneFn extends DoFn<KV<Integer, Iterable<TokenRow>>, FineTuneSummary> {

  private static final long serialVersionUID = 1L;

  /** The adapter's name on the model, for as long as it is trained. */
  private static final String ADAPTER = "sft";

  private final FineTuneJob job;

  FineTuneFn(FineTuneJob job) {
    this.job = job;
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, Iterable<TokenRow>> gathered, OutputReceiver<FineTuneSummary> summaries)
      throws IOException, InterruptedException {
    FineTuneRows rows = FineTuneRows.of(gathered.getValue(), job.spec().evaluationRows());
    String inputs = job.inputs(rows);
    FineTuneSummary summary = Files.exists(job.adapter()) ? published(inputs) : train(rows, inputs);
    summaries.output(summary); // the lease is back
  }

  /** The summary of the adapter that is there, which an earlier attempt of this bundle left. */
  private FineTuneSummary published(String inputs) throws IOException {
    TrainingFile file = TrainingFile.read(job.adapter());
    if (!file.inputs().equals(inputs)) {
      throw new UsageException(
          "expected no adapter at "
              + job.adapter()
              + ", or the one of these rows and settings, found another's;"
              + " delete it, or choose another directory");
    }
    return file.summary();
  }

  private FineTuneSummary train(FineTuneRows rows, String inputs)
      throws IOException, InterruptedException {
    try (ModelLease lease = ModelHost.lease(job.device(), "fine-tune")) {
      Backend backend = lease.backend();
      LanguageModel model = lease.model(job.base()).model();
      rows.requireFit(model.architecture());
      try (Arena matrices = backend.budget().open("adapter", Purpose.ADAPTER);
          Arena moments = backend.budget().open("optimizer", Purpose.OPTIMIZER);
          PassMemory memory = new PassMemory(backend, "fine-tune")) {
        Adapter adapter = fresh(backend, model, matrices);
        try {
          FineTuneSummary summary =
              new FineTuning(job, backend, model, adapter, moments, memory).run(rows);
          publish(adapter, new TrainingFile(inputs, summary));
          return summary;
        } finally {
          adapter.detach();
        }
      }
    }
  }

  private Adapter fresh(Backend backend, LanguageModel model, Arena matrices) {
    AdapterConfig config = job.lora().config(model.architecture().taskType(), job.base());
    return Adapter.fresh(backend, matrices, ADAPTER, config, model.targets(), job.seed());
  }

  private void publish(Adapter adapter, TrainingFile file) throws IOException {
    try (StagedDirectory staged = StagedDirectory.create(job.adapter())) {
      adapter.save(staged.path());
      file.write(staged.path());
      staged.publish();
    }
  }
}
