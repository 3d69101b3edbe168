package dev.cantilever.ppo;

import java.io.Serializable;

/**
 * The section {@code ppo}: everything a PPO step is told. Defaults are trl 0.11.4's PPOConfig
 * except {@code max_grad_norm}, which is 1 instead of none.
 *
 * @param batch rows, mini-batches, epochs
 * @param kl penalty and controller of its coefficient
 * @param score scaling and clipping of scores
 * @param advantage GAE
 * @param loss clipped losses and the ratio threshold
 * @param stepSize learning rates and gradient norm
 * @param earlyStop when to drop the remaining epochs
 */
public record PpoSpec(
    BatchSpec batch,
    KlSpec kl,
    ScoreSpec score,
    AdvantageSpec advantage,
    LossSpec loss,
    StepSizeSpec stepSize,
    EarlyStopSpec earlyStop)
    implements Serializable {

  /**
   * @throws PpoException if the batch is so large that one adaptive update could drive the KL
   *     coefficient to 0
   */
  public PpoSpec {
    kl.requireRows(batch.rows());
  }

  /** trl 0.11.4's defaults with gradient clipping on. */
  public static PpoSpec defaults() {
    return new PpoSpec(
        BatchSpec.defaults(),
        KlSpec.defaults(),
        ScoreSpec.defaults(),
        AdvantageSpec.defaults(),
        LossSpec.defaults(),
        StepSizeSpec.defaults(),
        EarlyStopSpec.defaults());
  }

  /** The same with another batch. */
  public PpoSpec withBatch(BatchSpec newBatch) {
    return new PpoSpec(newBatch, kl, score, advantage, loss, stepSize, earlyStop);
  }

  /** The same with another KL penalty or controller. */
  public PpoSpec withKl(KlSpec newKl) {
    return new PpoSpec(batch, newKl, score, advantage, loss, stepSize, earlyStop);
  }

  /** The same with other score shaping. */
  public PpoSpec withScore(ScoreSpec newScore) {
    return new PpoSpec(batch, kl, newScore, advantage, loss, stepSize, earlyStop);
  }

  /** The same with other advantage estimation. */
  public PpoSpec withAdvantage(AdvantageSpec newAdvantage) {
    return new PpoSpec(batch, kl, score, newAdvantage, loss, stepSize, earlyStop);
  }

  /** The same with other losses. */
  public PpoSpec withLoss(LossSpec newLoss) {
    return new PpoSpec(batch, kl, score, advantage, newLoss, stepSize, earlyStop);
  }

  /** The same with other step sizes. */
  public PpoSpec withStepSize(StepSizeSpec newStepSize) {
    return new PpoSpec(batch, kl, score, advantage, loss, newStepSize, earlyStop);
  }

  /** The same with other early stopping. */
  public PpoSpec withEarlyStop(EarlyStopSpec newEarlyStop) {
    return new PpoSpec(batch, kl, score, advantage, loss, stepSize, newEarlyStop);
  }
}
