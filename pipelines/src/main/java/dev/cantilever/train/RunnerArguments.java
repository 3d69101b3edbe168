package dev.cantilever.train;

import dev.cantilever.recipe.UsageException;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Beam's options as they were typed, made anew for each pipeline.
 *
 * @param typed the arguments, each {@code --name=value}
 */
public record RunnerArguments(List<String> typed) {

  /*
   * While a bundle computes, the Direct runner's other threads ask without pause whether there is
   * more to do. On two cores that took nearly half of both: the demo ran 183 s with the runner's
   * default of three threads and 103 s with one, same bytes. A device runs one lease at a time
   * anyway, so stages that hold it are given one thread, unless the user says otherwise.
   */
  private static final String ONE_THREAD = "--targetParallelism=1";
  private static final String PARALLELISM = "--targetParallelism=";
  private static final String RUNNER = "--runner=";
  private static final String DIRECT = "Direct";

  /** Copies the list. */
  public RunnerArguments {
    typed = List.copyOf(typed);
  }

  /**
   * Options of a pipeline whose elements spread over workers.
   *
   * @throws UsageException if Beam does not take the arguments
   */
  public PipelineOptions spreading() {
    return parsed(typed);
  }

  /**
   * Options of a pipeline whose stages take turns on the device.
   *
   * @throws UsageException if Beam does not take the arguments
   */
  public PipelineOptions onDevice() {
    boolean direct =
        typed.stream().noneMatch(a -> a.startsWith(RUNNER) && !a.startsWith(RUNNER + DIRECT));
    if (!direct || typed.stream().anyMatch(a -> a.startsWith(PARALLELISM))) {
      return parsed(typed);
    }
    List<String> arguments = new ArrayList<>(typed);
    arguments.add(ONE_THREAD);
    return parsed(arguments);
  }

  private PipelineOptions parsed(List<String> arguments) {
    try {
      return PipelineOptionsFactory.fromArgs(arguments.toArray(String[]::new))
          .withValidation()
          .create();
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "expected options of Beam after --, got "
              + String.join(" ", typed)
              + ": "
              + e.getMessage()
              + "; see Beam's documentation of the runner",
          e);
    }
  }
}
