package dev.cantilever.update;

import dev.cantilever.host.LoraSpec;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.rehearsal.RunMemory;
import dev.cantilever.rollout.RolloutPolicy;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One update: what it depends on, and where its results go.
 *
 * @param step the PPO step, from 1
 * @param policy whom the rollouts were sampled from. At step 1 that is the reference itself, which
 *     a fresh adapter equals; later it is the reference's adapters and, last, the trained one
 * @param lora the adapter that step 1 makes
 * @param ppo the algorithm's settings
 * @param memory how it takes the device's memory
 * @param temperature of the law that rollouts were sampled from
 * @param previousState directory of the state before; empty at step 1
 * @param updatesDirectory where what is derived goes
 * @param stateDirectory where the state after goes
 */
public record UpdateTask(
    int step,
    RolloutPolicy policy,
    LoraSpec lora,
    PpoSpec ppo,
    RunMemory memory,
    double temperature,
    String previousState,
    String updatesDirectory,
    String stateDirectory)
    implements Serializable {

  Optional<Path> previous() {
    return previousState.isEmpty() ? Optional.empty() : Optional.of(Path.of(previousState));
  }
}
