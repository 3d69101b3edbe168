package dev.cantilever.run;

import java.nio.file.Path;

/**
 * Where each file of a run lies. Names only: nothing is read, made or checked.
 *
 * @param root the run's directory
 */
public record RunLayout(Path root) {

  /** The effective recipe, each value with its source. */
  public Path recipe() {
    return root.resolve("recipe.yaml");
  }

  /** What makes the directory a run: the digest of its recipe. */
  public Path runJson() {
    return root.resolve("run.json");
  }

  /** Prepared Parquet and dead letters. */
  public Path data() {
    return root.resolve("data");
  }

  /** The adapter that supervised fine-tuning leaves, PEFT layout. */
  public Path sftAdapter() {
    return root.resolve("sft").resolve("adapter");
  }

  /** The merged checkpoint, HF layout. */
  public Path merged() {
    return root.resolve("merged");
  }

  /** All committed rollouts, one directory per step. */
  public Path rollouts() {
    return root.resolve("rollouts");
  }

  /** The rollouts of a step, {@code rollouts/step=000001}. */
  public Path rollouts(int step) {
    return rollouts().resolve("step=" + sixDigits(step));
  }

  /**
   * The fixed prompts' rollouts under the policy as it was, {@code evaluation/before} and {@code
   * evaluation/after}.
   */
  public Path evaluation(String when) {
    return root.resolve("evaluation").resolve(when);
  }

  /** All updates, one directory per step. */
  public Path updates() {
    return root.resolve("updates");
  }

  /** What the update of a step derived, {@code updates/step=000001}. */
  public Path updates(int step) {
    return updates().resolve("step=" + sixDigits(step));
  }

  /** The training states that are kept. */
  public Path states() {
    return root.resolve("state");
  }

  /** The training state after a step, {@code state/step-000001}. */
  public Path state(int step) {
    return states().resolve("step-" + sixDigits(step));
  }

  /** One row per PPO step, Parquet. */
  public Path steps() {
    return root.resolve("steps.parquet");
  }

  /** One line per PPO step, trl's statistic names. */
  public Path metrics() {
    return root.resolve("metrics.jsonl");
  }

  /** The resulting adapter, PEFT layout. */
  public Path adapter() {
    return root.resolve("adapter");
  }

  /** The run as one HTML page. */
  public Path report() {
    return root.resolve("report.html");
  }

  /** The file whose operating-system lock a writer holds. */
  Path lock() {
    return root.resolve(".lock");
  }

  private static String sixDigits(int step) {
    if (step < 0) {
      throw new IllegalArgumentException("expected a step of 0 or more, got " + step);
    }
    return String.format("%06d", step);
  }
}
