package dev.cantilever.merge;

import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.hub.ScratchDirectory;
import dev.cantilever.hub.StagedDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** Runs a merge. */
public final class MergePipeline {
  private MergePipeline() {}

  /** Merges as the options say. */
  public static void main(String[] args) throws IOException {
    PipelineOptionsFactory.register(MergeOptions.class);
    MergeOptions options =
        PipelineOptionsFactory.fromArgs(args).withValidation().as(MergeOptions.class);
    run(new MergeSpec(options.getModel(), options.getAdapter(), options.getOut()), options);
  }

  /**
   * Merges an adapter into a checkpoint. What can be checked is checked before anything is written;
   * whatever fails later, the destination is not there.
   *
   * @param options runner and parallelism, which change no byte of the result
   * @throws dev.cantilever.hub.CheckpointException naming file and tensor, if base or adapter are
   *     damaged, unsupported or do not belong together, or the destination holds files; a runner
   *     may wrap it
   */
  public static MergeSummary run(MergeSpec spec, PipelineOptions options) throws IOException {
    Path out = Path.of(spec.out());
    StagedDirectory.requireFree(out);
    List<String> shards;
    try (AdapterMerger merger =
        AdapterMerger.open(Path.of(spec.model()), Path.of(spec.adapter()))) {
      shards = merger.shards();
    }
    try (ScratchDirectory scratch = ScratchDirectory.beside(out)) {
      Pipeline pipeline = Pipeline.create(options);
      pipeline.apply("MergeAdapter", MergeAdapter.of(spec, shards, scratch.path()));
      PipelineResult.State state = pipeline.run().waitUntilFinish();
      if (state != PipelineResult.State.DONE) {
        throw new IllegalStateException(
            "Merging into %s ended as %s instead of DONE; see the runner's log and run it again"
                .formatted(out, state));
      }
      return MergeWork.at(scratch.path()).readSummary();
    }
  }
}
