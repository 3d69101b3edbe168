package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.evaluate.Evaluation;
import dev.cantilever.evaluate.EvaluationSpec;
import dev.cantilever.row.Rollout;
import java.util.List;
import java.util.Locale;

/**
 * A policy on the fixed prompts before and after training.
 *
 * @param before what it said then
 * @param after what it says now
 */
record BeforeAfter(Evaluation before, Evaluation after) {

  /** Puts the four numbers. */
  void into(JsonResult json) {
    json.put("positive_before", before.meanProbability())
        .put("positive_after", after.meanProbability())
        .put("distinct2_before", before.distinctBigrams())
        .put("distinct2_after", after.distinctBigrams());
  }

  /** Prints both numbers, and the first prompts with what was said to them. */
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
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\s+", " ").strip();
  }
}
