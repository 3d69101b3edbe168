package dev.cantilever.finetune;

import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.host.ModelRef;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.recipe.Setting;
import dev.cantilever.run.RunSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.Create;

/**
 * The stage by itself.
 *
 * <p>{@code main} runs it on any runner: {@code --model=DIR --data=DIR --adapter=DIR
 * --set=sft.learning_rate=1e-3 --runner=FlinkRunner}.
 */
public final class FineTunePipeline {

  private FineTunePipeline() {}

  /** Runs the stage from the options of Beam's command line. */
  public static void main(String[] args) throws IOException {
    FineTuneOptions options =
        PipelineOptionsFactory.fromArgs(args).withValidation().as(FineTuneOptions.class);
    List<Setting> settings =
        Optional.ofNullable(options.getSet()).orElse(List.of()).stream()
            .map(Setting::parse)
            .toList();
    Recipe recipe =
        RecipeSchema.empty()
            .section("lora", LoraSpec.defaults())
            .section("run", RunSpec.defaults())
            .section("sft", FineTuneSpec.defaults())
            .load(settings);
    RunSpec run = recipe.section("run", RunSpec.class);
    FineTuneSummary summary =
        run(
            recipe.section("sft", FineTuneSpec.class),
            recipe.section("lora", LoraSpec.class),
            DeviceSpec.of(run),
            ModelRef.of(Path.of(options.getModel())),
            CommitDirectory.at(Path.of(options.getData())).manifestPath(),
            Path.of(options.getAdapter()),
            run.seed(),
            options);
    System.out.println(summary);
  }

  /**
   * Fine-tunes an adapter and publishes it, unless it is there from the same rows and settings.
   *
   * @param spec how
   * @param lora the adapter
   * @param device where
   * @param base over which base
   * @param dataManifest the manifest that commits the rows
   * @param adapterOut the directory in which it appears
   * @param seed of the run
   * @param options the runner's
   * @return the summary, as it lies beside the adapter's weights
   * @throws RuntimeException if rows, model or budget do not fit, a number is not finite, or
   *     another adapter is there; on its own, or as the cause of what the runner throws
   */
  public static FineTuneSummary run(
      FineTuneSpec spec,
      LoraSpec lora,
      DeviceSpec device,
      ModelRef base,
      Path dataManifest,
      Path adapterOut,
      long seed,
      PipelineOptions options)
      throws IOException {
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("Manifest", Create.of(dataManifest.toAbsolutePath().toString()))
        .apply("Fine-tune", FineTune.adapter(spec, lora, device, base, adapterOut, seed));
    pipeline.run().waitUntilFinish();
    return FineTuneSummary.of(adapterOut);
  }
}
