package dev.cantilever.model;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Tape;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.nn.HeadRun;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Next-token cross-entropy of a language model over packed rows, as in supervised fine-tuning:
 * every token of a response is predicted from those before it in its row.
 */
public final class LanguageLoss {

  private final Backend backend;
  private final LanguageModel model;
  private final Set<String> adapters;
  private final KeepPlan keep;

  /** A loss for a model with the given adapters acting. */
  public LanguageLoss(Backend backend, LanguageModel model, Set<String> adapters, KeepPlan keep) {
    this.backend = backend;
    this.model = model;
    this.adapters = Set.copyOf(adapters);
    this.keep = keep;
  }

  /**
   * For each row the sum of −log p over its predicted tokens, in nats. By row, so that whoever adds
   * them up in their order has a sum that does not depend on which rows went together.
   *
   * @param rows which the model {@linkplain Architecture#takesTogether takes together}
   */
  public double[] totals(PassMemory memory, ResponseRows rows) {
    memory.reset();
    PredictedRows predicted = rows.forModel(model.architecture());
    TokenBatch batch = memory.upload(predicted.rows(), adapters);
    Tape tape = Tape.inference(backend, memory.kept(), memory.scratch());
    Tensor hidden =
        model
            .transformer()
            .forward(
                Pass.plain(tape, batch), new TokenSelection(memory.ints(predicted.predicting())))
            .value();
    Tensor targets = memory.ints(predicted.targets());
    HeadRun head = head(memory, hidden, OptionalLong.empty());
    float[] logprobs = logprobs(memory, normalizers(memory, hidden), head.input(), targets);
    double[] totals = new double[rows.rows()];
    int[] offsets = rows.responseOffsets();
    for (int r = 0; r < totals.length; r++) {
      for (int m = offsets[r]; m < offsets[r + 1]; m++) {
        totals[r] -= logprobs[m];
      }
    }
    return totals;
  }

  /**
   * Adds the gradient of scale · Σ −log p to the trainable adapters' gradients.
   *
   * @param rows which the model {@linkplain Architecture#takesTogether takes together}
   * @param scale usually one over the predicted tokens of the whole optimiser step
   * @param dropoutKey key of the adapters' dropout in this pass, or empty for none
   * @return the sum without the scale, in nats
   */
  public double train(PassMemory memory, ResponseRows rows, double scale, OptionalLong dropoutKey) {
    PredictedRows predicted = rows.forModel(model.architecture());
    predicted.rows().requireFits(model.architecture());
    memory.reset();
    TokenBatch batch = memory.upload(predicted.rows(), adapters);
    Tape tape = Tape.training(backend, memory.kept(), memory.scratch(), keep);
    Pass pass =
        dropoutKey.isPresent()
            ? Pass.withDropout(tape, batch, dropoutKey.getAsLong())
            : Pass.plain(tape, batch);
    Tensor selected = memory.ints(predicted.predicting());
    Tensor targets = memory.ints(predicted.targets());
    Var output = model.transformer().forward(pass, new TokenSelection(selected));
    Tensor hidden = output.value();
    HeadRun head = head(memory, hidden, dropoutKey);
    Tensor normalizers = normalizers(memory, hidden);
    double total = 0;
    for (float logprob : logprobs(memory, normalizers, head.input(), targets)) {
      total -= logprob;
    }
    float[] gradients = new float[selected.size(0)];
    Arrays.fill(gradients, (float) -scale);
    Tensor dHidden = Tensor.in(memory.batch(), DType.F32, hidden.shape());
    backend
        .loss()
        .tokenLogprobsBackward(
            dHidden,
            head.gradient(),
            memory.floats(gradients),
            normalizers,
            head.input(),
            targets,
            model.logitSpec(1));
    head.backward(dHidden, memory.packed(rows.responseOffsets()));
    tape.backward(output, dHidden);
    return total;
  }

  private HeadRun head(PassMemory memory, Tensor hidden, OptionalLong dropoutKey) {
    return new HeadRun(backend, memory.batch(), model.head(), hidden, adapters, dropoutKey);
  }

  private static Tensor normalizers(PassMemory memory, Tensor hidden) {
    return Tensor.in(memory.batch(), DType.F64, hidden.dim(0), 2);
  }

  private float[] logprobs(PassMemory memory, Tensor normalizers, HeadInput head, Tensor targets) {
    Tensor logprobs = Tensor.in(memory.batch(), DType.F32, targets.elements());
    Tensor entropy = Tensor.in(memory.batch(), DType.F32, targets.elements());
    backend.loss().tokenLogprobs(logprobs, entropy, normalizers, head, targets, model.logitSpec(1));
    float[] values = new float[targets.size(0)];
    backend.transfers().download(values, logprobs);
    return values;
  }
}
