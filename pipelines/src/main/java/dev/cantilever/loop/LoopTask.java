package dev.cantilever.loop;

import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.host.ModelRef;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.rehearsal.RunMemory;
import dev.cantilever.reward.Judge;
import dev.cantilever.rollout.RolloutSpec;
import java.util.List;

/**
 * What a PPO run is told, gathered from the recipe.
 *
 * @param run name of the run, as its rows carry it
 * @param seed of the run
 * @param device where it computes
 * @param base the frozen base
 * @param reference frozen adapters that policy and reference share; empty: the bare base
 * @param judge who scores
 * @param rollout what is asked and how a response is drawn
 * @param lora the adapter that is trained
 * @param ppo the algorithm's settings
 * @param memory how its stages take the device's memory; no result depends on it in int8 mode
 *     {@code weight-only}
 * @param loop how long it goes on
 */
public record LoopTask(
    String run,
    long seed,
    DeviceSpec device,
    ModelRef base,
    List<AdapterRef> reference,
    Judge judge,
    RolloutSpec rollout,
    LoraSpec lora,
    PpoSpec ppo,
    RunMemory memory,
    LoopSpec loop) {

  /** Copies the list. */
  public LoopTask {
    reference = List.copyOf(reference);
  }
}
