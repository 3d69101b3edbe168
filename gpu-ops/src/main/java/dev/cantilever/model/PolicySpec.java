package dev.cantilever.model;

import dev.cantilever.autograd.KeepPlan;
import java.util.Set;

/**
 * What makes a policy of a language model.
 *
 * @param policyAdapters adapters of the policy
 * @param referenceAdapters adapters of the reference; empty for the bare base
 * @param logitScale 1/temperature of the law that is scored
 * @param maxTokens most tokens of one pass; more go in turns
 * @param rowTokens what each row counts in that at least; where it is the longest row there can be,
 *     no pass is larger than one of longest rows alone, and its memory is known in advance
 * @param keep what a training pass keeps
 */
public record PolicySpec(
    Set<String> policyAdapters,
    Set<String> referenceAdapters,
    float logitScale,
    int maxTokens,
    int rowTokens,
    KeepPlan keep) {

  /** Copies the names and checks the numbers. */
  public PolicySpec {
    policyAdapters = Set.copyOf(policyAdapters);
    referenceAdapters = Set.copyOf(referenceAdapters);
    if (!(logitScale > 0) || maxTokens < 1 || rowTokens < 1) {
      throw new IllegalArgumentException(
          "Expected a positive logit scale and positive token counts, got %s, %d and %d"
              .formatted(logitScale, maxTokens, rowTokens));
    }
  }
}
