package dev.cantilever.loop;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.host.ModelRef;
import dev.cantilever.ppo.BatchSpec;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.rehearsal.PassSettings;
import dev.cantilever.rehearsal.RunMemory;
import dev.cantilever.reward.Judge;
import dev.cantilever.rollout.RolloutSpec;
import dev.cantilever.rollout.StepQueries;
import dev.cantilever.row.IntSequence;
import dev.cantilever.run.RunLayout;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** PPO of a small model with few rows and short responses: a step takes about a second. */
final class SmallRun {

  static final int ROWS = 6;

  private static final List<String> TEXTS =
      List.of(
          "This film was one of the worst things that I have ever seen in my life",
          "I really enjoyed the story and the music of this picture from the first minute",
          "A young man goes to the city and finds that nothing there is what he expected",
          "The acting is wooden and the dialogue sounds as if nobody had read it before",
          "What a wonderful little comedy about a family that cannot keep a secret",
          "Never has a sequel been so unnecessary and yet so pleasant to look at",
          "The director knows how to frame a shot but not how to tell a story",
          "My children loved it and asked to see it again on the next day",
          "There are two good scenes in this film and both are in the trailer",
          "It is hard to say what this picture wants to be or for whom it was made",
          "An honest and quiet drama with a performance that will stay with me",
          "The special effects have not aged well but the heart of it is still there",
          "Some people will tell you that this is a classic and they are wrong",
          "If you like old detective stories then this one is for you");

  private final Path models;
  private final Path base;
  private final int[] queryEnd;
  private final TextTokenizer tokenizer;

  /** Of the embedded language model. */
  SmallRun(Path models) throws IOException {
    this(models, EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, models));
  }

  /**
   * Of another.
   *
   * @param queryEnd what queries end with
   */
  SmallRun(Path models, Path base, int... queryEnd) throws IOException {
    this.models = models;
    this.base = base;
    this.queryEnd = queryEnd;
    this.tokenizer = TextTokenizer.load(base);
  }

  LoopTask task(int steps) throws IOException {
    return task(steps, List.of());
  }

  LoopTask task(int steps, List<AdapterRef> reference) throws IOException {
    return task(new LoopSpec(steps, Optional.empty(), 2), reference);
  }

  LoopTask task(LoopSpec loop, List<AdapterRef> reference) throws IOException {
    DeviceSpec device = new DeviceSpec(BackendKind.CPU, 1L << 30, Int8Mode.WEIGHT_ONLY);
    return new LoopTask(
        "small",
        11,
        device,
        ModelRef.of(base),
        reference,
        new Judge(
            device,
            ModelRef.of(EmbeddedSamples.extract(EmbeddedSample.CLASSIFIER, models)),
            "POSITIVE",
            512),
        new RolloutSpec(2, 5, 3, 8, true, 1, 2, 64),
        new LoraSpec(4, 8, 0, List.of("all-linear"), false),
        PpoSpec.defaults()
            .withBatch(new BatchSpec(ROWS, 3, 2))
            .withStepSize(PpoSpec.defaults().stepSize().withLearningRates(1e-3, 1e-2)),
        RunMemory.growing(new PassSettings(64, 2048, KeepPlan.products())),
        loop);
  }

  StepQueries queries(LoopTask task) {
    Map<String, IntSequence> documents = new TreeMap<>();
    for (String text : TEXTS) {
      documents.put(text.substring(0, 12), IntSequence.of(tokenizer.encode(text)));
    }
    return new StepQueries(documents, task.rollout(), task.seed(), tokenizer, false, queryEnd);
  }

  LoopSummary run(LoopTask task, Path directory, String... options) throws IOException {
    return new RlhfLoop(task, new RunLayout(directory), queries(task), () -> options(options))
        .run(StepListener.SILENT);
  }

  static PipelineOptions options(String... arguments) {
    return PipelineOptionsFactory.fromArgs(arguments).create();
  }

  void close() {
    tokenizer.close();
  }
}
