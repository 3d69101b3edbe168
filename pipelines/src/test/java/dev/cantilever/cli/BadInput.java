package dev.cantilever.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Something wrong with what a command is given.
 *
 * @param command the command
 * @param what is wrong, for the test's name
 * @param out name of the directory that the command writes
 * @param breakage done to the files
 * @param wrong arguments given beside, or in the place of, the right ones; {@code WORK} stands for
 *     the directory of the files
 * @param rerun whether the command is run again once all is mended, even if it left nothing
 * @param words what the message must hold
 */
record BadInput(
    String command,
    String what,
    String out,
    Breakage breakage,
    List<String> wrong,
    boolean rerun,
    List<String> words) {

  /** Breaks files. */
  interface Breakage {
    void in(Workbench bench) throws IOException;
  }

  static BadInput of(String command, String what, Breakage breakage, String... words) {
    String out = command.equals("sft") ? "run" : "fresh";
    return new BadInput(command, what, out, breakage, List.of(), false, List.of(words));
  }

  /** The files are whole, and the arguments are not. */
  BadInput with(String... arguments) {
    return new BadInput(command, what, out, breakage, List.of(arguments), rerun, words);
  }

  /** Over the run whose data are prepared. */
  BadInput overTheRun() {
    return new BadInput(command, what, "run", breakage, wrong, rerun, words);
  }

  BadInput andAgain() {
    return new BadInput(command, what, out, breakage, wrong, true, words);
  }

  List<String> wrongArguments(Workbench bench) {
    List<String> arguments = new ArrayList<>(rightArguments(bench));
    for (int i = 0; i < wrong.size(); i += 2) {
      String option = wrong.get(i);
      int given = option.equals("--set") ? -1 : arguments.indexOf(option);
      if (given >= 0) {
        arguments.subList(given, given + 2).clear();
      }
      arguments.add(option);
      arguments.add(wrong.get(i + 1).replace("WORK", bench.path("").toString()));
    }
    return arguments;
  }

  List<String> rightArguments(Workbench bench) {
    return bench.arguments(command, out);
  }

  @Override
  public String toString() {
    return command + ": " + what;
  }
}
