package dev.cantilever.finetune;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.NotFiniteException;
import dev.cantilever.memory.Arena;
import dev.cantilever.model.Architecture;
import dev.cantilever.model.LanguageLoss;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.ResponseRows;
import dev.cantilever.optim.AdamW;
import dev.cantilever.optim.GradientNorm;
import dev.cantilever.optim.ParameterGroup;
import dev.cantilever.row.TokenRow;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The training of an adapter, from where its matrices are to where they end. Used once. */
final class FineTuning {

  private static final Logger LOG = LoggerFactory.getLogger(FineTuning.class);

  /** Most lines that are logged of the steps. */
  private static final int LINES = 20;

  private final FineTuneSpec spec;
  private final boolean dropout;
  private final Adapter adapter;
  private final RowOrder order;
  private final Architecture architecture;
  private final TextObjective objective;
  private final Backend backend;
  private final PassMemory memory;
  private final LanguageLoss loss;
  private final AdamW optimizer;

  /**
   * Makes a training; everything it is given stays its owner's.
   *
   * @param adapter attached to the model, trainable
   * @param moments where the optimizer's state lives
   * @param memory where passes run
   */
  FineTuning(
      FineTuneJob job,
      Backend backend,
      LanguageModel model,
      Adapter adapter,
      Arena moments,
      PassMemory memory) {
    this.spec = job.spec();
    this.dropout = job.lora().dropout() > 0;
    this.adapter = adapter;
    this.order = new RowOrder(job.seed());
    this.architecture = model.architecture();
    this.objective = new TextObjective(architecture, job.seed());
    this.backend = backend;
    this.memory = memory;
    this.loss = new LanguageLoss(backend, model, Set.of(adapter.name()), spec.keep().plan());
    this.optimizer =
        new AdamW(
            backend,
            moments,
            spec.adamW(),
            List.of(new ParameterGroup(adapter.parameters(), spec.learningRate())));
  }

  /**
   * Trains.
   *
   * @throws DivergedException if a loss or a gradient is not finite
   */
  FineTuneSummary run(FineTuneRows rows) {
    double before = meanLoss(rows.heldOut(), "before the first step");
    LOG.info("loss {} on {} held-out rows before", before, rows.heldOut().size());
    int steps = spec.steps(rows.train().size());
    long tokens = 0;
    for (int epoch = 0; epoch < spec.epochs(); epoch++) {
      List<TokenRow> epochRows = order.ofEpoch(rows.train(), epoch);
      for (int from = 0; from < epochRows.size(); from += spec.batchRows()) {
        int to = Math.min(from + spec.batchRows(), epochRows.size());
        tokens += step(epochRows.subList(from, to), steps);
      }
    }
    double after = meanLoss(rows.heldOut(), "after " + steps + " steps");
    LOG.info("loss {} after {} steps", after, steps);
    return new FineTuneSummary(before, after, steps, tokens);
  }

  /** One optimizer step; returns the tokens of its rows. */
  private int step(List<TokenRow> batch, int steps) {
    int step = optimizer.steps();
    String when = "at step " + (step + 1) + " of " + steps;
    ResponseRows rows = objective.of(batch);
    int predicted = rows.predicted();
    optimizer.zeroGradients();
    double total = 0;
    for (int from = 0; from < rows.rows(); ) {
      int to = dropout ? from + 1 : endOfPass(rows, from);
      List<TokenRow> together = batch.subList(from, to);
      OptionalLong key =
          dropout ? OptionalLong.of(order.dropoutKey(step, from)) : OptionalLong.empty();
      try {
        total += loss.train(memory, rows.slice(from, to), 1.0 / predicted, key);
      } catch (NotFiniteException e) {
        throw DivergedException.of(when, together, e);
      }
      DivergedException.requireFinite("loss", total, when, together);
      from = to;
    }
    double norm = GradientNorm.clip(backend, optimizer.parameters(), spec.maxGradNorm());
    DivergedException.requireFinite("norm of the gradients", norm, when, batch);
    optimizer.step(spec.schedule().factor(step, steps, spec.warmupSteps()));
    adapter.parametersChanged();
    if ((long) (step + 1) * LINES / steps > (long) step * LINES / steps) {
      LOG.info("{}: loss {}, gradient norm {}", when, total / predicted, norm);
    }
    return rows.tokens().tokens();
  }

  /** Mean −log p of a predicted token. */
  private double meanLoss(List<TokenRow> heldOut, String when) {
    ResponseRows rows = objective.of(heldOut);
    double total = 0;
    for (int from = 0; from < rows.rows(); ) {
      int to = endOfPass(rows, from);
      List<TokenRow> together = heldOut.subList(from, to);
      try {
        for (double row : loss.totals(memory, rows.slice(from, to))) {
          total += row;
        }
      } catch (NotFiniteException e) {
        throw DivergedException.of(when, together, e);
      }
      DivergedException.requireFinite("held-out loss", total, when, together);
      from = to;
    }
    return total / rows.predicted();
  }

  private int endOfPass(ResponseRows rows, int from) {
    return rows.tokens().endOfPass(architecture, from, spec.maxTokens());
  }
}
