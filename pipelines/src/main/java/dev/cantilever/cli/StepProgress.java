package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.console.Progress;
import dev.cantilever.loop.StepListener;
import dev.cantilever.row.Statistic;
import dev.cantilever.row.StepStats;
import java.util.Locale;
import java.util.Optional;

/** PPO steps as a task under way: score and KL of the last one beside the count. */
final class StepProgress implements StepListener, AutoCloseable {

  private final Console console;
  private Optional<Progress> progress = Optional.empty();

  StepProgress(Console console) {
    this.console = console;
  }

  @Override
  public void begins(int done, int steps) {
    // Steps of an earlier session are not counted: they say nothing of this one's rate.
    progress = Optional.of(console.progress("ppo", "steps", steps - done));
  }

  @Override
  public void finished(StepStats step) {
    progress.ifPresent(
        task -> {
          task.say(
              String.format(
                  Locale.ROOT,
                  "score %.2f, kl %.2f",
                  step.get(Statistic.MEAN_SCORES),
                  step.get(Statistic.KL)));
          task.advance(1);
        });
  }

  @Override
  public void close() {
    progress.ifPresent(Progress::close);
  }
}
