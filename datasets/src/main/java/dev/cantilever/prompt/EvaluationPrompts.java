package dev.cantilever.prompt;

import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.draw.Stream;
import dev.cantilever.text.DatasetException;
import java.util.Collection;
import java.util.List;

/** Chooses the fixed documents whose prompts are completed before and after training. */
public final class EvaluationPrompts {

  private EvaluationPrompts() {}

  /**
   * The n documents that come first in the seed's order. Asking for more keeps these and adds to
   * them.
   *
   * @param testIds the documents of the test side, in any order
   * @param n how many, at least 1
   * @param seed the run's seed
   * @return n distinct ids in a fixed order
   * @throws DatasetException if there are fewer, or an id occurs twice
   */
  public static List<String> choose(Collection<String> testIds, int n, long seed) {
    RankedIds ids = new RankedIds(testIds);
    if (n < 1 || ids.size() < n) {
      throw new DatasetException(
          "evaluation prompts",
          "from 1 to as many prompts as test documents",
          n + " prompts of " + ids.size() + " test documents",
          "Raise prepare.test_fraction or lower evaluation.prompts");
    }
    return List.copyOf(ids.ordered(new KeyedDraw(seed, Stream.EVALUATION), 0).subList(0, n));
  }
}
