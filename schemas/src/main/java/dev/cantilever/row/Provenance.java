package dev.cantilever.row;

/**
 * Under what a rollout was made; with the query it suffices to make it again.
 *
 * @param run name of the run
 * @param seed the run's seed, from which every draw is keyed
 * @param baseDigest digest of the base: its weights, settings and tokenizer
 * @param adapterDigest digest of the adapter
 * @param samplerDigest digest of the sampler's settings
 * @param timeMillis when, in milliseconds since 1970 UTC; the run's logical clock decides
 */
public record Provenance(
    String run,
    long seed,
    String baseDigest,
    String adapterDigest,
    String samplerDigest,
    long timeMillis) {

  /** Checks that the run has a name. */
  public Provenance {
    Checks.notBlank("Provenance", "run", run);
  }
}
