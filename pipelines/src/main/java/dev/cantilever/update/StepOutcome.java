package dev.cantilever.update;

import dev.cantilever.ppo.KlController;
import dev.cantilever.ppo.RunningMoments;
import dev.cantilever.row.RolloutUpdate;
import dev.cantilever.row.Statistic;
import java.util.List;
import java.util.Map;

/**
 * What an update derived, besides the tensors it trained.
 *
 * @param updates a row for each rollout, in their order
 * @param statistics the step's numbers
 * @param controller of the KL coefficient, for the step to come
 * @param moments of all scores seen
 */
record StepOutcome(
    List<RolloutUpdate> updates,
    Map<Statistic, Double> statistics,
    KlController controller,
    RunningMoments moments) {}
