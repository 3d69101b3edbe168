package dev.cantilever.rehearsal;

import dev.cantilever.model.PassBytes;
import java.io.Serializable;

/**
 * How the stages of a PPO run take memory: the settings of their passes, and the sizes in bytes of
 * the arenas they open, each then one piece whatever the lengths of the rows; 0 where one grows.
 *
 * @param settings of the passes
 * @param rowTokens most tokens of a query and its response, which is how long rows are counted as
 *     where that changes their positions: so a row is scored as it was sampled, however long it
 *     became
 * @param actingAdapters frozen adapters of a rollout, those of the reference and the trained one
 * @param rollout the arenas of a rollout
 * @param classifier the arenas of scoring by the classifier
 * @param referenceAdapters frozen adapters of an update
 * @param policy the trained adapter and the value head
 * @param moments of the optimiser
 * @param update the arenas of an update
 */
public record RunMemory(
    PassSettings settings,
    int rowTokens,
    long actingAdapters,
    PassBytes rollout,
    PassBytes classifier,
    long referenceAdapters,
    long policy,
    long moments,
    PassBytes update)
    implements Serializable {

  /** Nothing is planned: every arena grows, and rows are as long as they are. */
  public static RunMemory growing(PassSettings settings) {
    return new RunMemory(
        settings, 1, 0, PassBytes.UNKNOWN, PassBytes.UNKNOWN, 0, 0, 0, PassBytes.UNKNOWN);
  }
}
