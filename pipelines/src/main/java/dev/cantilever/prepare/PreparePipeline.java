package dev.cantilever.prepare;

import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.recipe.Setting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * The stage by itself: {@link #run} makes the data of a directory, or finds them made.
 *
 * <p>{@code main} runs it on any runner: {@code --tokenizer=MODEL --data=DIR
 * --set=prepare.input=reviews.jsonl --runner=FlinkRunner}.
 */
public final class PreparePipeline {

  private PreparePipeline() {}

  /** Runs the stage from the options of Beam's command line. */
  public static void main(String[] args) throws IOException {
    PrepareOptions options =
        PipelineOptionsFactory.fromArgs(args).withValidation().as(PrepareOptions.class);
    List<Setting> settings =
        Optional.ofNullable(options.getSet()).orElse(List.of()).stream()
            .map(Setting::parse)
            .toList();
    PrepareSpec spec =
        RecipeSchema.empty()
            .section("prepare", PrepareSpec.defaults())
            .load(settings)
            .section("prepare", PrepareSpec.class);
    PrepareSummary summary =
        run(
            spec,
            Path.of(options.getTokenizer()),
            Path.of(options.getData()),
            options.getSeed(),
            options.getRunName(),
            options);
    System.out.println(summary);
  }

  /**
   * Finds what is wrong with input or tokenizer, before anything is written.
   *
   * @param spec what is read, and what becomes of it
   * @param tokenizerDirectory the policy's model directory
   * @throws dev.cantilever.text.DatasetException saying what
   */
  public static void check(PrepareSpec spec, Path tokenizerDirectory) throws IOException {
    PrepareDocuments.of(spec, tokenizerDirectory, tokenizerDirectory, 0, DataFiles.KIND);
  }

  /**
   * Prepares the data, unless the directory has them from the same settings, seed and tokenizer.
   * What a run that did not finish left there is deleted.
   *
   * @param spec what is read, and what becomes of it
   * @param tokenizerDirectory the policy's model directory, for its tokenizer
   * @param dataDirectory the directory of the data, of which this process is the only writer
   * @param seed the run's seed
   * @param runName name of the run
   * @param options the runner's
   * @return the counts, from the manifest
   * @throws dev.cantilever.text.DatasetException if input or tokenizer cannot be used, or the
   *     directory has other data; on its own, or as the cause of what the runner throws
   */
  public static PrepareSummary run(
      PrepareSpec spec,
      Path tokenizerDirectory,
      Path dataDirectory,
      long seed,
      String runName,
      PipelineOptions options)
      throws IOException {
    CommitDirectory directory = CommitDirectory.at(dataDirectory);
    if (directory.isCommitted()) {
      PreparedData.open(dataDirectory).requireTokenizer(tokenizerDirectory);
      DataOrigin.of(spec, tokenizerDirectory, seed).require(directory.read(), dataDirectory);
    } else {
      PrepareDocuments prepare =
          PrepareDocuments.of(spec, tokenizerDirectory, dataDirectory, seed, runName);
      directory.deleteLitter();
      Pipeline pipeline = Pipeline.create(options);
      pipeline.apply("Prepare documents", prepare);
      try {
        pipeline.run().waitUntilFinish();
      } catch (RuntimeException e) {
        deleteAfter(e, directory);
        throw e;
      }
    }
    PrepareSummary summary = PrepareCounts.summary(directory.read());
    directory.deleteLitter();
    return summary;
  }

  private static void deleteAfter(RuntimeException failure, CommitDirectory directory) {
    try {
      directory.deleteLitter();
    } catch (IOException e) { // a worker may still be writing; the next run deletes the rest
      failure.addSuppressed(e);
    }
  }
}
