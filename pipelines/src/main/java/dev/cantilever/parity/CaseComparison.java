package dev.cantilever.parity;

import dev.cantilever.ppo.AdvantageEstimator;
import dev.cantilever.ppo.Advantages;
import dev.cantilever.ppo.KlPenalty;
import dev.cantilever.ppo.MiniBatchLoss;
import dev.cantilever.ppo.MiniBatchStatistics;
import dev.cantilever.ppo.PpoException;
import dev.cantilever.ppo.PpoStatistics;
import dev.cantilever.ppo.RewardShaper;
import dev.cantilever.ppo.RolloutStatistics;
import dev.cantilever.ppo.ShapedRewards;
import dev.cantilever.ppo.TokenGradients;
import dev.cantilever.ppo.TokenRows;
import dev.cantilever.ppo.UpdateRows;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Computes one case from its inputs and measures each result against the fixture's. */
final class CaseComparison {
  private final PpoCase golden;
  private final GoldenTensors tensors;
  private final PpoPrecision precision;
  private final MaskedWindow window;
  private final int vocabulary; // V
  private final double[] actions; // [B, T]
  private final Map<String, Double> errors = new LinkedHashMap<>();

  CaseComparison(PpoCase golden, GoldenTensors tensors, PpoPrecision precision) {
    this.golden = golden;
    this.tensors = tensors;
    this.precision = precision;
    int[] shape = tensors.shape(key("new_logits")); // [B, T, V]
    if (shape.length != 3) {
      throw new PpoException(
          key("new_logits")
              + ": expected [B, T, V], found "
              + Arrays.toString(shape)
              + "; pass the folder of the ppo fixture");
    }
    this.window = MaskedWindow.of(values("mask", shape[0], shape[1]), shape[0], shape[1]);
    this.vocabulary = shape[2];
    this.actions = values("actions", shape[0], shape[1]);
  }

  PpoParityReport.CaseErrors compare() {
    Distribution[] active = distributions("old_logits");
    Distribution[] reference = distributions("ref_logits");
    TokenRows logprobs = sampled("logprobs", active);
    TokenRows refLogprobs = sampled("ref_logprobs", reference);
    TokenRows kls =
        golden.kl().penalty() == KlPenalty.FULL
            ? window.rows("kls", p -> precision.round(active[p].klTo(reference[p])))
            : RewardShaper.klTerms(golden.kl().penalty(), logprobs, refLogprobs);
    double[] scores = inputs("scores");
    ShapedRewards rewards = RewardShaper.shape(golden.klCoefficient(), kls, scores);
    compareRows("logprobs", logprobs);
    compareRows("ref_logprobs", refLogprobs);
    compareRows("kls", kls);
    compareRows("non_score_rewards", rewards.nonScoreRewards());
    compareRows("rewards", rewards.rewards());

    TokenRows values = inputRows("values");
    Advantages advantages =
        AdvantageEstimator.estimatePadded(
            golden.advantage(), rewards.rewards(), values, window.padding());
    compareRows("advantages", advantages.advantages());
    compareRows("returns", advantages.returns());

    RolloutStatistics rollouts =
        RolloutStatistics.of(logprobs, rewards, scores, golden.klCoefficient());
    compareLoss(
        new UpdateRows(logprobs, values, advantages.advantages(), advantages.returns()), rollouts);
    errors.put("mean_kl", Math.abs(rollouts.kl() - golden.meanKl()));
    double klCoefficientAfter =
        golden.kl().start().next(rollouts.kl(), scores.length).coefficient();
    errors.put("kl_coef_after", Math.abs(klCoefficientAfter - golden.klCoefficientAfter()));
    return new PpoParityReport.CaseErrors(golden.number(), errors);
  }

  private void compareLoss(UpdateRows rows, RolloutStatistics rollouts) {
    Distribution[] updated = distributions("new_logits");
    TokenRows newLogprobs = sampled("new_logprobs", updated);
    compareRows("new_logprobs", newLogprobs);
    MiniBatchLoss loss = new MiniBatchLoss(golden.loss(), rows.tokens());
    TokenGradients gradients =
        loss.add(
            rows,
            newLogprobs,
            inputRows("vpreds"),
            window.rows("entropies", p -> precision.round(updated[p].entropy())));
    MiniBatchStatistics statistics = loss.finish();
    compareGradients(gradients, updated);
    compareScalar("policy_loss", statistics.policy().loss());
    compareScalar("value_loss_times_coef", golden.loss().vfCoef() * statistics.value().loss());

    Map<String, Double> found = new PpoStatistics(rollouts, 0).add(statistics).toMap();
    golden
        .statistics()
        .forEach(
            (name, expected) -> {
              Double value = found.get("ppo/" + name);
              if (value == null) {
                throw new PpoException(
                    "golden.json: expected statistics out of "
                        + found.keySet()
                        + ", found '"
                        + name
                        + "'; compare with a fixture of trl 0.11.4");
              }
              errors.put(name, Math.abs(value - expected));
            });
  }

  /** Gradients over the whole padded tensors: zero outside the responses. */
  private void compareGradients(TokenGradients gradients, Distribution[] updated) {
    double[] byLogits = new double[updated.length * vocabulary];
    double[] byValues = new double[updated.length];
    TokenRows byLogprob = gradients.logprobs();
    for (int row = 0; row < byLogprob.rows(); row++) {
      for (int t = 0; t < byLogprob.length(row); t++) {
        int p = window.position(row, t);
        byValues[p] = gradients.values().get(row, t);
        for (int v = 0; v < vocabulary; v++) {
          double sampled = v == (int) actions[p] ? 1 : 0;
          byLogits[p * vocabulary + v] =
              byLogprob.get(row, t) * (sampled - updated[p].probability(v));
        }
      }
    }
    errors.put("grad_new_logits", maxAbs(byLogits, tensors.values(key("grad_new_logits"))));
    errors.put("grad_vpreds", maxAbs(byValues, tensors.values(key("grad_vpreds"))));
  }

  /** One distribution per padded position, [B, T]. */
  private Distribution[] distributions(String name) {
    double[] logits = inputs(name);
    if (logits.length != actions.length * vocabulary) {
      throw new PpoException(
          key(name)
              + ": expected "
              + actions.length * vocabulary
              + " elements, found "
              + logits.length
              + "; restore the fixture");
    }
    Distribution[] distributions = new Distribution[actions.length];
    Arrays.setAll(distributions, p -> Distribution.ofLogits(logits, p * vocabulary, vocabulary));
    return distributions;
  }

  private TokenRows sampled(String name, Distribution[] distributions) {
    return window.rows(name, p -> precision.round(distributions[p].logprob((int) actions[p])));
  }

  private TokenRows inputRows(String name) {
    double[] inputs = inputs(name);
    return window.rows(name, p -> inputs[p]);
  }

  private double[] inputs(String name) {
    return Arrays.stream(tensors.values(key(name))).map(precision::round).toArray();
  }

  private double[] values(String name, int rows, int width) {
    int[] shape = tensors.shape(key(name));
    if (!Arrays.equals(shape, new int[] {rows, width})) {
      throw new PpoException(
          key(name)
              + ": expected ["
              + rows
              + ", "
              + width
              + "], found "
              + Arrays.toString(shape)
              + "; restore the fixture");
    }
    return tensors.values(key(name));
  }

  private void compareRows(String name, TokenRows found) {
    double[] expected = tensors.values(key(name));
    double[] gold = window.rows(name, p -> expected[p]).values();
    errors.put(name, maxAbs(found.values(), gold));
  }

  private void compareScalar(String name, double found) {
    errors.put(name, Math.abs(found - tensors.values(key(name))[0]));
  }

  private static double maxAbs(double[] found, double[] expected) {
    if (found.length != expected.length) {
      throw new PpoException(
          "fixture: expected "
              + found.length
              + " elements, found "
              + expected.length
              + "; restore the fixture");
    }
    double max = 0;
    for (int i = 0; i < found.length; i++) {
      max = Math.max(max, Math.abs(found[i] - expected[i]));
    }
    return max;
  }

  private String key(String name) {
    return "case" + golden.number() + "." + name;
  }
}
