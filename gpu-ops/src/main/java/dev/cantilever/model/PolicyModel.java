package dev.cantilever.model;

import dev.cantilever.autograd.Tape;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.LossOps;
import dev.cantilever.nn.HeadRun;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A language model as RL sees it: scores of response tokens under the policy and under the
 * reference, and gradients of a loss over them.
 *
 * <p>Policy and reference are two sets of adapters over the same base. They share a pass: rows are
 * run once with each set, in one packed batch that reads every weight once. Dropout is off in every
 * pass, so the scores before an update are bit for bit those the update begins from.
 */
public final class PolicyModel {

  private final Backend backend;
  private final LanguageModel model;
  private final ValueHead valueHead;
  private final PolicySpec spec;

  /** Puts a model together; its parts stay their owners'. */
  public PolicyModel(Backend backend, LanguageModel model, ValueHead valueHead, PolicySpec spec) {
    this.backend = backend;
    this.model = model;
    this.valueHead = valueHead;
    this.spec = spec;
  }

  /**
   * Scores rows under policy and reference.
   *
   * @param fullKl whether the divergence over the whole vocabulary is wanted
   */
  public PolicyScores score(PassMemory memory, ResponseRows rows, boolean fullKl) {
    rows.requireFits(model.architecture());
    int[] offsets = rows.responseOffsets();
    int m = offsets[rows.rows()];
    float[] logprobs = new float[m];
    float[] entropy = new float[m];
    float[] values = new float[m];
    float[] reference = new float[m];
    float[] kl = new float[fullKl ? m : 0];
    for (int from = 0; from < rows.rows(); ) {
      int to = microBatch(rows, from, 2);
      PolicyScores part = scoreAtOnce(memory, rows.slice(from, to), fullKl);
      int at = offsets[from];
      int count = offsets[to] - at;
      System.arraycopy(part.policy().logprobs(), 0, logprobs, at, count);
      System.arraycopy(part.policy().entropy(), 0, entropy, at, count);
      System.arraycopy(part.policy().values(), 0, values, at, count);
      System.arraycopy(part.referenceLogprobs(), 0, reference, at, count);
      System.arraycopy(part.fullKl(), 0, kl, fullKl ? at : 0, fullKl ? count : 0);
      from = to;
    }
    return new PolicyScores(new TokenScores(offsets, logprobs, entropy, values), reference, kl);
  }

  private PolicyScores scoreAtOnce(PassMemory memory, ResponseRows rows, boolean fullKl) {
    memory.reset();
    PredictedRows predicted = rows.forModel(model.architecture());
    TokenBatch batch =
        memory.upload(
            predicted.rows().twice(),
            List.of(rows.rows(), rows.rows()),
            List.of(spec.policyAdapters(), spec.referenceAdapters()));
    int[] one = predicted.predicting();
    int m = one.length;
    int[] both = Arrays.copyOf(one, 2 * m);
    for (int i = 0; i < m; i++) {
      both[m + i] = one[i] + predicted.rows().tokens().tokens();
    }
    Tape tape = Tape.inference(backend, memory.kept(), memory.scratch());
    Tensor hidden = // [2M, C]: policy, then reference
        model
            .transformer()
            .forward(Pass.plain(tape, batch), new TokenSelection(memory.ints(both)))
            .value();
    Tensor target = memory.ints(predicted.targets());
    float[] ones = new float[m];
    Arrays.fill(ones, 1);
    HeadInput policyHead = policyHead(memory, hidden.slice(0, m)).input();
    TokenScores policy =
        scores(
            memory,
            rows.responseOffsets(),
            Tensor.in(memory.batch(), DType.F64, m, 2),
            policyHead,
            target,
            memory.floats(ones).reshape(m, 1));
    Tensor logprobs = Tensor.in(memory.batch(), DType.F32, m);
    Tensor entropy = Tensor.in(memory.batch(), DType.F32, m);
    Tensor normalizers = Tensor.in(memory.batch(), DType.F64, m, 2);
    HeadInput referenceHead =
        model
            .head(backend, memory.batch(), hidden.slice(m, 2L * m), spec.referenceAdapters())
            .input();
    LossOps loss = backend.loss();
    loss.tokenLogprobs(
        logprobs, entropy, normalizers, referenceHead, target, model.logitSpec(spec.logitScale()));
    float[] kl = new float[0];
    if (fullKl) {
      Tensor divergence = Tensor.in(memory.batch(), DType.F32, m);
      loss.fullKl(divergence, policyHead, referenceHead, model.logitSpec(spec.logitScale()));
      kl = download(divergence);
    }
    return new PolicyScores(policy, download(logprobs), kl);
  }

  private TokenScores scores(
      PassMemory memory,
      int[] offsets,
      Tensor normalizers,
      HeadInput head,
      Tensor targets,
      Tensor ones) {
    long m = targets.elements();
    Tensor logprobs = Tensor.in(memory.batch(), DType.F32, m);
    Tensor entropy = Tensor.in(memory.batch(), DType.F32, m);
    Tensor values = Tensor.in(memory.batch(), DType.F32, m, 1);
    backend
        .loss()
        .tokenLogprobs(
            logprobs, entropy, normalizers, head, targets, model.logitSpec(spec.logitScale()));
    valueHead.forward(values, head.hidden(), ones);
    return new TokenScores(offsets, download(logprobs), download(entropy), download(values));
  }

  /**
   * Adds the gradient of a loss to the gradients of the policy's adapters and of the value head.
   * Rows that do not fit at once go in turns; the sums are the same.
   */
  public void train(PassMemory memory, ResponseRows rows, TokenLoss loss) {
    rows.requireFits(model.architecture());
    for (int from = 0; from < rows.rows(); ) {
      int to = microBatch(rows, from, 1);
      trainAtOnce(memory, rows.slice(from, to), from, loss);
      from = to;
    }
  }

  private void trainAtOnce(PassMemory memory, ResponseRows rows, int firstRow, TokenLoss loss) {
    memory.reset();
    PredictedRows predicted = rows.forModel(model.architecture());
    TokenBatch batch = memory.upload(predicted.rows(), spec.policyAdapters());
    Tensor selected = memory.ints(predicted.predicting());
    Tensor targets = memory.ints(predicted.targets());
    int m = selected.size(0);
    float[] filled = new float[m];
    Arrays.fill(filled, 1);
    Tensor ones = memory.floats(filled).reshape(m, 1);
    Tape tape = Tape.training(backend, memory.kept(), memory.scratch(), spec.keep());
    Var output = model.transformer().forward(Pass.plain(tape, batch), new TokenSelection(selected));
    Tensor hidden = output.value();
    Tensor normalizers = Tensor.in(memory.batch(), DType.F64, m, 2);
    HeadRun head = policyHead(memory, hidden);
    TokenScores scores =
        scores(memory, rows.responseOffsets(), normalizers, head.input(), targets, ones);
    TokenGradients gradients = loss.gradients(firstRow, scores);
    Tensor dLogprobs = memory.floats(gradients.logprobs());
    Tensor dValues = memory.floats(gradients.values()).reshape(m, 1);
    Tensor dHidden = Tensor.in(memory.batch(), DType.F32, hidden.shape());
    backend
        .loss()
        .tokenLogprobsBackward(
            dHidden,
            head.gradient(),
            dLogprobs,
            normalizers,
            head.input(),
            targets,
            model.logitSpec(spec.logitScale()));
    PackedRows responses = memory.packed(rows.responseOffsets());
    head.backward(dHidden, responses);
    valueHead.backward(dHidden, dValues, hidden, ones, responses);
    tape.backward(output, dHidden);
  }

  private HeadRun policyHead(PassMemory memory, Tensor hidden) {
    return model.head(backend, memory.batch(), hidden, spec.policyAdapters());
  }

  /**
   * One past the last row that goes through beside row {@code from}, each row taken {@code copies}
   * times.
   */
  private int microBatch(ResponseRows rows, int from, int copies) {
    int to = from + 1;
    long tokens = counted(rows, from, copies);
    while (to < rows.rows()
        && model.architecture().takesTogether(length(rows, from), length(rows, to))
        && tokens + counted(rows, to, copies) <= spec.maxTokens()) {
      tokens += counted(rows, to, copies);
      to++;
    }
    return to;
  }

  private long counted(ResponseRows rows, int row, int copies) {
    return (long) copies * Math.max(spec.rowTokens(), length(rows, row));
  }

  private static int length(ResponseRows rows, int row) {
    return rows.tokens().length(row);
  }

  private float[] download(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, tensor);
    return values;
  }

  /** Names of the adapters that act in a rollout. */
  public Set<String> policyAdapters() {
    return spec.policyAdapters();
  }

  /** The model underneath. */
  public LanguageModel model() {
    return model;
  }
}
