package dev.cantilever.loop;

import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.ModelRef;
import dev.cantilever.manifest.FileTree;
import dev.cantilever.run.RunLayout;
import dev.cantilever.update.PolicyState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The training states of a run. A state is there whole or not at all. */
final class Checkpoints {

  private static final Pattern STATE = Pattern.compile("step-(\\d{6,})");

  private final RunLayout layout;

  Checkpoints(RunLayout layout) {
    this.layout = layout;
  }

  /** The step of the newest state; 0 if there is none. */
  int lastStep() throws IOException {
    return steps().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  /** The adapter of a step's state, under the name by which it acts. */
  AdapterRef adapter(int step) throws IOException {
    return new AdapterRef(AdapterRef.POLICY, ModelRef.of(PolicyState.adapter(layout.state(step))));
  }

  /** Removes what a killed run left beside the states. */
  void deleteLitter() throws IOException {
    for (Path entry : entries()) {
      if (!STATE.matcher(String.valueOf(entry.getFileName())).matches()) {
        FileTree.delete(entry);
      }
    }
  }

  /** Removes all but the newest states. */
  void keepNewest(int count) throws IOException {
    List<Integer> steps = steps();
    for (int step : steps.subList(0, Math.max(0, steps.size() - count))) {
      FileTree.delete(layout.state(step));
    }
  }

  private List<Integer> steps() throws IOException {
    return entries().stream()
        .map(entry -> STATE.matcher(String.valueOf(entry.getFileName())))
        .filter(Matcher::matches)
        .map(name -> Integer.valueOf(name.group(1)))
        .sorted()
        .toList();
  }

  private List<Path> entries() throws IOException {
    if (!Files.isDirectory(layout.states())) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(layout.states())) {
      return all.sorted().toList();
    }
  }
}
