package dev.cantilever.train;

import dev.cantilever.evaluate.Evaluation;
import dev.cantilever.evaluate.EvaluationSpec;
import dev.cantilever.evaluate.PolicyEvaluation;
import dev.cantilever.finetune.FineTunePipeline;
import dev.cantilever.finetune.FineTuneSpec;
import dev.cantilever.finetune.FineTuneSummary;
import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.DeviceMemory;
import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.host.ModelHost;
import dev.cantilever.host.ModelRef;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.loop.LoopSpec;
import dev.cantilever.loop.LoopSummary;
import dev.cantilever.loop.LoopTask;
import dev.cantilever.loop.RlhfLoop;
import dev.cantilever.loop.StepListener;
import dev.cantilever.merge.MergePipeline;
import dev.cantilever.merge.MergeSpec;
import dev.cantilever.merge.MergeSummary;
import dev.cantilever.model.Families;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.prepare.PreparePipeline;
import dev.cantilever.prepare.PrepareSpec;
import dev.cantilever.prepare.PrepareSummary;
import dev.cantilever.prepare.PreparedData;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.rehearsal.RunPlan;
import dev.cantilever.reward.Judge;
import dev.cantilever.reward.RewardSpec;
import dev.cantilever.rollout.RolloutPolicy;
import dev.cantilever.rollout.RolloutSpec;
import dev.cantilever.rollout.StepQueries;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenizedDocument;
import dev.cantilever.run.RunLayout;
import dev.cantilever.run.RunSpec;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The stages of a recipe over a run directory that this process holds. */
public final class TrainingRun {

  private static final int NAME_LENGTH = 12;

  private final Recipe recipe;
  private final RunLayout layout;
  private final RunnerArguments runner;
  private final RunSpec run;
  private final Map<Path, ModelRef> models = new HashMap<>();
  private @Nullable RunPlan plan;

  /**
   * @param runner options of Beam for its pipelines
   */
  public TrainingRun(Recipe recipe, RunLayout layout, RunnerArguments runner) {
    this.recipe = recipe;
    this.layout = layout;
    this.runner = runner;
    this.run = recipe.section("run", RunSpec.class);
  }

  /** The run's name in rows and manifests: it follows from the recipe, not from the directory. */
  public String name() {
    return recipe.digest().substring(0, NAME_LENGTH);
  }

  /** The base model that the recipe names, or the embedded one. */
  public static Path base(RunSpec run) throws IOException {
    return run.model().isPresent() ? run.model().get() : embedded(EmbeddedSample.LANGUAGE_MODEL);
  }

  private static Path embedded(EmbeddedSample sample) throws IOException {
    return EmbeddedSamples.extract(sample, Path.of(System.getProperty("java.io.tmpdir")));
  }

  /**
   * Looks at the models that the recipe names; reads no weight but to tell its digest, and writes
   * nothing. For before there is a run that a wrong path belongs to.
   *
   * @throws dev.cantilever.hub.CheckpointException naming the file at fault
   * @throws dev.cantilever.text.DatasetException if it is a tokenizer
   */
  public void requireModels() throws IOException {
    ModelCheck.policy(
        base(run), run.adapter(), recipe.section("rollout", RolloutSpec.class).longestRow());
    ModelCheck.judge(judge(DeviceSpec.of(run)));
  }

  /**
   * The memory that PPO and its evaluations will take of the device, made once, before anything is
   * loaded. The first call of this or of {@link #planMerging} decides: later calls of both return
   * what it made, by which the device is opened.
   */
  public RunPlan plan() throws IOException {
    return plan(false);
  }

  /**
   * The same of a run that merges the adapter of its sft before ppo, whatever of that has been done
   * so far: the reference is the base alone.
   */
  public RunPlan planMerging() throws IOException {
    return plan(true);
  }

  private RunPlan plan(boolean merging) throws IOException {
    RunPlan made = plan;
    if (made == null) {
      PpoPlan recipes = new PpoPlan(recipe);
      Path base = startingBase();
      Optional<Path> judge = Optional.of(classifier());
      long budget = run.deviceBudget().bytes();
      made =
          merging
              ? recipes.planMerged(base, judge, recipes.step(), budget)
              : recipes.plan(base, startingReference(), judge, recipes.step(), budget);
      plan = made;
    }
    return made;
  }

  /** What PPO and its evaluations took of the device so far; nothing where it is not open. */
  public Optional<DeviceMemory> memory() throws IOException {
    return ModelHost.memory(ppoDevice());
  }

  /** The device opened with what the plan says and not a byte more. */
  private DeviceSpec ppoDevice() throws IOException {
    return new DeviceSpec(run.backend(), fitting().plan().processBytes(), run.int8Mode());
  }

  private RunPlan fitting() throws IOException {
    RunPlan planned = plan();
    if (!planned.plan().fits()) {
      throw new OverBudgetException(planned.plan());
    }
    return planned;
  }

  /** Text to token rows and documents in {@code data/}. */
  public PrepareSummary prepare() throws IOException {
    return PreparePipeline.run(
        recipe.section("prepare", PrepareSpec.class),
        base(run),
        layout.data(),
        run.seed(),
        name(),
        runner.spreading());
  }

  /** What fine-tuning did, if there is a fine-tuned adapter. */
  public Optional<FineTuneSummary> fineTuned() throws IOException {
    return Files.exists(layout.sftAdapter())
        ? Optional.of(FineTuneSummary.of(layout.sftAdapter()))
        : Optional.empty();
  }

  /**
   * An adapter fine-tuned on the prepared rows in {@code sft/adapter}, unless it is there.
   *
   * @throws dev.cantilever.manifest.ManifestException if the data are not prepared
   */
  public FineTuneSummary sft() throws IOException {
    if (Files.exists(layout.sftAdapter())) {
      return FineTuneSummary.of(layout.sftAdapter());
    }
    requireBeforePpo("sft");
    Path base = base(run);
    PreparedData data = PreparedData.open(layout.data());
    data.requireTokenizer(base);
    return FineTunePipeline.run(
        recipe.section("sft", FineTuneSpec.class),
        recipe.section("lora", LoraSpec.class),
        DeviceSpec.of(run),
        looked(base),
        data.manifestPath(),
        layout.sftAdapter(),
        run.seed(),
        runner.onDevice());
  }

  /**
   * The fine-tuned adapter added to the base, as a checkpoint in {@code merged/}.
   *
   * @return what the merge did; empty if the checkpoint was there
   * @throws dev.cantilever.hub.CheckpointException if there is no fine-tuned adapter
   */
  public Optional<MergeSummary> merge() throws IOException {
    if (Files.exists(layout.merged())) {
      return Optional.empty();
    }
    requireBeforePpo("merge");
    MergeSpec spec =
        new MergeSpec(
            base(run).toString(), layout.sftAdapter().toString(), layout.merged().toString());
    return Optional.of(MergePipeline.run(spec, runner.spreading()));
  }

  /**
   * The fixed prompts under the policy that PPO starts from, in {@code evaluation/before}.
   *
   * @throws dev.cantilever.manifest.ManifestException if the data are not prepared
   */
  public Evaluation evaluateBefore() throws IOException {
    StartingPoint start = startingPoint();
    return evaluate("before", start.base(), start.reference());
  }

  /** The fixed prompts under the policy that PPO left, in {@code evaluation/after}. */
  public Evaluation evaluateAfter() throws IOException {
    StartingPoint start = startingPoint();
    List<AdapterRef> adapters = new ArrayList<>(start.reference());
    adapters.add(new AdapterRef(AdapterRef.POLICY, ModelRef.of(layout.adapter())));
    return evaluate("after", start.base(), adapters);
  }

  private Evaluation evaluate(String when, ModelRef base, List<AdapterRef> adapters)
      throws IOException {
    RolloutSpec rollout = recipe.section("rollout", RolloutSpec.class);
    EvaluationSpec spec = recipe.section("evaluation", EvaluationSpec.class);
    try (TextTokenizer tokenizer = TextTokenizer.load(base.path())) {
      StepQueries held = queries(Split.TEST, base, rollout, tokenizer);
      return PolicyEvaluation.run(
          new RolloutPolicy(ppoDevice(), base, adapters, name(), run.seed()),
          rollout,
          judge(ppoDevice()),
          fitting().memory(),
          held.forEvaluation(spec.prompts()),
          layout.evaluation(when),
          runner.onDevice());
    }
  }

  /**
   * PPO from the step after the newest state to the last.
   *
   * @param listener told of every step
   * @throws dev.cantilever.manifest.ManifestException if the data are not prepared
   */
  public LoopSummary ppo(StepListener listener) throws IOException {
    StartingPoint start = startingPoint();
    RolloutSpec rollout = recipe.section("rollout", RolloutSpec.class);
    LoopTask task =
        new LoopTask(
            name(),
            run.seed(),
            ppoDevice(),
            start.base(),
            start.reference(),
            judge(ppoDevice()),
            rollout,
            recipe.section("lora", LoraSpec.class),
            recipe.section("ppo", PpoSpec.class),
            fitting().memory(),
            recipe.section("loop", LoopSpec.class));
    try (TextTokenizer tokenizer = TextTokenizer.load(start.base().path())) {
      StepQueries asked = queries(Split.TRAIN, start.base(), rollout, tokenizer);
      return new RlhfLoop(task, layout, asked, runner::onDevice).run(listener);
    }
  }

  /** What PPO started from may not change under its states. */
  private void requireBeforePpo(String stage) {
    if (Files.exists(layout.states())) {
      throw new UsageException(
          "expected "
              + stage
              + " to come before ppo in a run, found states of ppo in "
              + layout.states()
              + "; give another --out");
    }
  }

  private StartingPoint startingPoint() throws IOException {
    List<AdapterRef> reference = new ArrayList<>();
    Optional<Path> adapter = startingReference();
    if (adapter.isPresent()) {
      reference.add(new AdapterRef(AdapterRef.REFERENCE, ModelRef.of(adapter.get())));
    }
    return new StartingPoint(looked(startingBase()), reference);
  }

  private Path startingBase() throws IOException {
    return Files.isDirectory(layout.merged()) ? layout.merged() : base(run);
  }

  private Optional<Path> startingReference() {
    if (Files.isDirectory(layout.merged())) {
      return Optional.empty();
    }
    return Files.isDirectory(layout.sftAdapter())
        ? Optional.of(layout.sftAdapter())
        : run.adapter();
  }

  /** Looks at a large directory once. */
  private ModelRef looked(Path model) throws IOException {
    ModelRef known = models.get(model);
    if (known == null) {
      known = ModelRef.of(model);
      models.put(model, known);
    }
    return known;
  }

  private Judge judge(DeviceSpec device) throws IOException {
    RewardSpec reward = recipe.section("reward", RewardSpec.class);
    return new Judge(device, looked(classifier()), reward.label(), reward.maxTokens());
  }

  private Path classifier() throws IOException {
    return classifier(recipe.section("reward", RewardSpec.class));
  }

  /** The classifier that the recipe names, or the embedded one. */
  public static Path classifier(RewardSpec reward) throws IOException {
    return reward.model().isPresent() ? reward.model().get() : embedded(EmbeddedSample.CLASSIFIER);
  }

  private StepQueries queries(
      Split split, ModelRef base, RolloutSpec rollout, TextTokenizer tokenizer) throws IOException {
    PreparedData data = PreparedData.open(layout.data());
    data.requireTokenizer(base.path());
    int stored = data.maxDocumentTokens();
    // a prompt that was cut has as many tokens as are stored, and must not pass for a whole one
    int longest = data.arePrompts() ? stored - 1 : stored;
    if (rollout.queryMaxTokens() > longest) {
      throw new UsageException(
          "expected rollout.query_max_tokens of at most "
              + longest
              + ", by the prepare.max_document_tokens of "
              + layout.data()
              + ", got "
              + rollout.queryMaxTokens()
              + "; lower it, or prepare another run with more");
    }
    Map<String, IntSequence> documents = new TreeMap<>();
    for (TokenizedDocument document : data.documents(split)) {
      documents.put(document.documentId(), document.ids());
    }
    ModelConfig config = ModelConfig.at(base.path());
    int[] end = Families.of(config).architecture(config).queryEnd();
    return new StepQueries(documents, rollout, run.seed(), tokenizer, data.arePrompts(), end);
  }
}
