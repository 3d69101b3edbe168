package dev.cantilever.train;

import dev.cantilever.evaluate.EvaluationSpec;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.TaskType;
import dev.cantilever.model.Architecture;
import dev.cantilever.model.Families;
import dev.cantilever.model.WeightSource;
import dev.cantilever.ppo.KlPenalty;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.rehearsal.PassSettings;
import dev.cantilever.rehearsal.RunPlan;
import dev.cantilever.rehearsal.RunPlanner;
import dev.cantilever.rehearsal.RunWorkload;
import dev.cantilever.rehearsal.Workload;
import dev.cantilever.reward.RewardSpec;
import dev.cantilever.rollout.RolloutSpec;
import dev.cantilever.run.RunSpec;
import dev.cantilever.update.UpdateSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The memory that a recipe's PPO takes of its device, evaluations included, found before anything
 * is loaded: descriptions and headers of the models are all that is read.
 */
public final class PpoPlan {

  private final RunSpec run;
  private final RolloutSpec rollout;
  private final PpoSpec ppo;
  private final UpdateSpec update;
  private final LoraSpec lora;
  private final RewardSpec reward;
  private final EvaluationSpec evaluation;

  /** The plan of a recipe. */
  public PpoPlan(Recipe recipe) {
    this.run = recipe.section("run", RunSpec.class);
    this.rollout = recipe.section("rollout", RolloutSpec.class);
    this.ppo = recipe.section("ppo", PpoSpec.class);
    this.update = recipe.section("update", UpdateSpec.class);
    this.lora = recipe.section("lora", LoraSpec.class);
    lora.requireIdentity();
    this.reward = recipe.section("reward", RewardSpec.class);
    this.evaluation = recipe.section("evaluation", EvaluationSpec.class);
  }

  /** A step of the longest rows that the recipe allows. */
  public Workload step() {
    return new Workload(
        ppo.batch().rows(),
        rollout.queryMaxTokens(),
        rollout.responseMaxTokens(),
        ppo.batch().miniBatchSize(),
        ppo.batch().epochs(),
        lora.config(TaskType.CAUSAL_LM, "base"), // memory depends on neither of the two
        run.int8Mode(),
        run.seed());
  }

  /**
   * Plans under a budget, from the recipe's settings down.
   *
   * @param base a checkpoint, or a description of which no weights are there
   * @param reference the frozen adapter under the one that is trained
   * @param classifier who scores; nothing: nobody on this device
   * @param step as {@link #step} says, or another
   * @throws dev.cantilever.hub.CheckpointException naming the file at fault
   */
  public RunPlan plan(
      Path base,
      Optional<Path> reference,
      Optional<Path> classifier,
      Workload step,
      long budgetBytes)
      throws IOException {
    return plan(base, source -> source, reference, classifier, step, budgetBytes);
  }

  /**
   * As above, over a base that an adapter of the recipe's settings is merged into first, whether
   * that has been done or not.
   */
  public RunPlan planMerged(Path base, Optional<Path> classifier, Workload step, long budgetBytes)
      throws IOException {
    ModuleSelection changed = lora.config(TaskType.CAUSAL_LM, "base").modules();
    return plan(
        base, source -> source.merged(changed), Optional.empty(), classifier, step, budgetBytes);
  }

  private RunPlan plan(
      Path base,
      UnaryOperator<WeightSource> form,
      Optional<Path> reference,
      Optional<Path> classifier,
      Workload step,
      long budgetBytes)
      throws IOException {
    if (!ModelDirectory.hasWeights(base)) {
      WeightSource source = WeightSource.synthetic(ModelConfig.at(base), run.seed());
      return plan(form.apply(source), reference, classifier, step, budgetBytes);
    }
    try (ModelDirectory directory = ModelDirectory.open(base)) {
      WeightSource source = WeightSource.of(directory);
      return plan(form.apply(source), reference, classifier, step, budgetBytes);
    }
  }

  private RunPlan plan(
      WeightSource base,
      Optional<Path> reference,
      Optional<Path> classifier,
      Workload step,
      long budgetBytes)
      throws IOException {
    Architecture architecture = Families.of(base.config()).architecture(base.config());
    return planClosed(
        base,
        reference,
        classifier,
        step.withLongerPrompts(architecture.queryEnd().length),
        budgetBytes);
  }

  /** As above, for queries with all that is given to the model. */
  private RunPlan planClosed(
      WeightSource base,
      Optional<Path> reference,
      Optional<Path> classifier,
      Workload step,
      long budgetBytes)
      throws IOException {
    List<AdapterConfig> adapters = new ArrayList<>();
    if (reference.isPresent()) {
      try (AdapterDirectory adapter = AdapterDirectory.open(reference.get())) {
        adapters.add(adapter.config());
      }
    }
    if (classifier.isEmpty()) {
      return plan(base, workload(step, adapters, Optional.empty()), budgetBytes);
    }
    try (ModelDirectory judge = ModelDirectory.open(classifier.get())) {
      return plan(base, workload(step, adapters, Optional.of(scoring(judge, step))), budgetBytes);
    }
  }

  private RunPlan plan(WeightSource base, RunWorkload workload, long budgetBytes)
      throws IOException {
    PassSettings most =
        new PassSettings(
            Math.min(rollout.maxRows(), workload.batchRows()),
            update.maxTokens(),
            update.keep().plan());
    return new RunPlanner(run.backend(), base, workload).plan(budgetBytes, most);
  }

  /** No more of the evaluation's prompts are continued at once than of a step's queries. */
  private RunWorkload workload(
      Workload step, List<AdapterConfig> reference, Optional<RunWorkload.Classifier> classifier) {
    return new RunWorkload(
        step,
        Math.min(rollout.batchRows(), step.rows()),
        reference,
        ppo.kl().penalty() == KlPenalty.FULL,
        classifier);
  }

  private RunWorkload.Classifier scoring(ModelDirectory judge, Workload step) {
    int texts = Math.min(rollout.batchRows(), Math.max(step.rows(), evaluation.prompts()));
    int positions =
        Families.of(judge.config()).architecture(judge.config()).embedding().maxPositions();
    int tokens = reward.largestPass(texts, positions);
    return new RunWorkload.Classifier(WeightSource.of(judge), Math.min(texts, tokens), tokens);
  }
}
