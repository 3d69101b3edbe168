package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.evaluate.Evaluation;
import dev.cantilever.evaluate.EvaluationSpec;
import dev.cantilever.finetune.FineTuneSummary;
import dev.cantilever.loop.LoopSummary;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.Statistic;
import dev.cantilever.row.StepStats;
import dev.cantilever.train.TrainingRun;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What PPO came to: the policy on the fixed prompts before and after, and the steps between.
 *
 * @param before what it said then
 * @param loop the steps
 * @param after what it says now
 * @param plan of memory, made before anything was loaded
 * @param memory what was taken of the device; nothing where this process did not compute
 */
record PpoOutcome(
    Evaluation before,
    LoopSummary loop,
    Evaluation after,
    MemoryPlan plan,
    Optional<MeasuredMemory> memory) {

  /** Steps over which the last KL is averaged. */
  private static final int LAST_STEPS = 3;

  /** Evaluates, runs the steps that are not done, and evaluates again. */
  static PpoOutcome of(TrainingRun run, Console console) throws IOException {
    Evaluation before = run.evaluateBefore();
    LoopSummary loop;
    try (StepProgress progress = new StepProgress(console)) {
      loop = run.ppo(progress);
    }
    Evaluation after = run.evaluateAfter();
    MemoryPlan plan = run.plan().plan();
    return new PpoOutcome(
        before,
        loop,
        after,
        plan,
        run.memory().map(taken -> new MeasuredMemory(plan, taken.arenas(), taken.driver())));
  }

  int steps() {
    return loop.steps().size();
  }

  long rollouts(Recipe recipe) {
    return (long) steps() * recipe.section("ppo", PpoSpec.class).batch().rows();
  }

  /** Mean over the last steps, in nats per response. */
  double lastKl() {
    List<StepStats> all = loop.steps();
    return all.stream()
        .skip(Math.max(0, all.size() - LAST_STEPS))
        .mapToDouble(step -> step.get(Statistic.KL))
        .average()
        .orElse(0);
  }

  /**
   * The numbers that {@code ppo} and {@code demo} promise, but for time and place.
   *
   * @param sft what fine-tuning did, if there was any
   */
  JsonResult json(Recipe recipe, Optional<FineTuneSummary> sft) {
    JsonResult json =
        new JsonResult()
            .put("positive_before", before.meanProbability())
            .put("positive_after", after.meanProbability())
            .put("distinct2_before", before.distinctBigrams())
            .put("distinct2_after", after.distinctBigrams())
            .put("kl_last", lastKl());
    put(json, "sft_loss_before", sft.map(FineTuneSummary::lossBefore));
    put(json, "sft_loss_after", sft.map(FineTuneSummary::lossAfter));
    json.put("steps", steps()).put("rollouts", rollouts(recipe));
    memory.ifPresentOrElse(
        measured -> measured.put(json), () -> MeasuredMemory.putUnmeasured(json, plan));
    return json;
  }

  private static void put(JsonResult json, String key, Optional<Double> value) {
    value.ifPresentOrElse(number -> json.put(key, number), () -> json.putNull(key));
  }

  /**
   * Prints both numbers, the first prompts with what was said to them, and what it took of memory.
   */
  void print(Console console, EvaluationSpec spec) {
    console.line("");
    console.table(
        List.of("on " + spec.prompts() + " fixed prompts", "before", "after"),
        List.of(
            List.of(
                "mean positive probability",
                number(before.meanProbability()),
                number(after.meanProbability())),
            List.of(
                "distinct bigrams",
                number(before.distinctBigrams()),
                number(after.distinctBigrams()))));
    for (int prompt = 0; prompt < spec.shown(); prompt++) {
      Rollout was = before.rollouts().get(prompt);
      Rollout is = after.rollouts().get(prompt);
      console.line("");
      console.line("  %s …", oneLine(was.query().query()));
      console.line("    before  %s", oneLine(was.response().text()));
      console.line("    after   %s", oneLine(is.response().text()));
    }
    memory.ifPresent(
        measured -> {
          console.line("");
          console.table(MeasuredMemory.HEADER, measured.totals());
        });
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
