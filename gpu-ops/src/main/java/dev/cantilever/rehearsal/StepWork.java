package dev.cantilever.rehearsal;

import dev.cantilever.model.Architecture;
import dev.cantilever.tensor.DType;
import java.util.stream.IntStream;

/**
 * The least work of a step's phases under given settings.
 *
 * @param prefill the queries of rows that enter together
 * @param decodeStep a token for each row that is there at once, at the mean length of their
 *     contexts
 * @param score one pass of policy and reference
 * @param scorePasses of them there are
 * @param miniBatch forward and backward of one mini-batch
 * @param rounds of a rollout: rows are of the same length, so all end and others enter together
 * @param miniBatches of a step, all epochs
 * @param decodeSteps of a round, after its queries
 */
public record StepWork(
    PassWork prefill,
    PassWork decodeStep,
    PassWork score,
    int scorePasses,
    PassWork miniBatch,
    int rounds,
    int miniBatches,
    int decodeSteps) {

  /** Counts the work of a workload on a loaded policy. */
  public static StepWork of(RehearsedPolicy policy, Workload workload, PassSettings settings) {
    return new Count(policy, workload).work(settings);
  }

  /** The queries and all tokens of a rollout; the first token comes out of the queries' pass. */
  public double rolloutSeconds(DeviceCeilings ceilings) {
    return rounds
        * (prefill.floorSeconds(ceilings) + decodeSteps * decodeStep.floorSeconds(ceilings));
  }

  /** Scores of policy and reference. */
  public double scoreSeconds(DeviceCeilings ceilings) {
    return scorePasses * score.floorSeconds(ceilings);
  }

  /** All mini-batches of all epochs. */
  public double updateSeconds(DeviceCeilings ceilings) {
    return miniBatches * miniBatch.floorSeconds(ceilings);
  }

  /** The numbers that the counts are made of. */
  private static final class Count {

    private final Workload workload;
    private final Architecture architecture;
    private final StackWork own;
    private final StackWork source;
    private final double head;
    private final double headBytes;
    private final DType cacheType;
    private final int promptTokens; // of a row of the decoder, before its first response token
    private final int rowTokens; // of that row in training
    private final int sourceTokens; // of a row that an encoder reads

    Count(RehearsedPolicy policy, Workload workload) {
      this.workload = workload;
      this.architecture = policy.model().architecture();
      this.own = StackWork.ofDecoder(policy);
      this.source = StackWork.ofSource(policy);
      this.head = StackWork.elements(policy.model().head().weight());
      this.headBytes = StackWork.bytes(policy.model().head().weight());
      this.cacheType = policy.backend().capabilities().cacheType();
      boolean encodes = architecture.encoder().isPresent();
      this.promptTokens = encodes ? 1 : workload.promptTokens();
      this.rowTokens = encodes ? workload.responseTokens() : workload.rowTokens();
      this.sourceTokens = encodes ? workload.promptTokens() : 0;
    }

    StepWork work(PassSettings settings) {
      int rounds = (workload.rows() + settings.maxRows() - 1) / settings.maxRows();
      double rows = (double) workload.rows() / rounds;
      int rowsOfPass = (int) Math.max(1, settings.maxTokens() / (2L * workload.rowTokens()));
      int scorePasses = (workload.rows() + rowsOfPass - 1) / rowsOfPass;
      return new StepWork(
          read(rows, 1).plus(forward(rows * promptTokens, rows, meanKeys(promptTokens), 1)),
          decodeStep(rows),
          score((double) workload.rows() / scorePasses),
          scorePasses,
          miniBatch(),
          rounds,
          workload.miniBatches() * workload.epochs(),
          workload.responseTokens() - 1);
    }

    /** Keys that a token of a row looks at on average, in all layers together. */
    private double meanKeys(int tokens) {
      return windows()
              .mapToDouble(window -> Math.min(window, tokens))
              .map(most -> (most * (most + 1) / 2 + (tokens - most) * most) / tokens)
              .sum()
          + crossKeys();
    }

    /** Keys that a token behind so many looks at in all layers together. */
    private double keys(double context) {
      return windows().mapToDouble(window -> Math.min(window, context)).sum() + crossKeys();
    }

    private double crossKeys() {
      return (double) sourceTokens * architecture.layers();
    }

    private IntStream windows() {
      return IntStream.range(0, architecture.layers())
          .map(layer -> architecture.block().attention(layer).scores().window());
    }

    /**
     * Two products of a query with the keys and of the weights with the values.
     *
     * @param keys of a token in all layers
     */
    private double attentionFlops(double tokens, double keys) {
      return 2 * 2 * tokens * keys * architecture.block().attention().outputSize();
    }

    /** Every token that an encoder reads looks at all of its row. */
    private double sourceFlops(double rows) {
      int layers = architecture.encoder().map(encoder -> encoder.stack().layers()).orElse(0);
      return attentionFlops(rows * sourceTokens, (double) sourceTokens * layers);
    }

    /** An encoder's pass without gradients, if there is one. */
    private PassWork read(double rows, double adapted) {
      return source.forward(rows * sourceTokens, adapted).plus(new PassWork(sourceFlops(rows), 0));
    }

    /**
     * A pass without gradients.
     *
     * @param keys of a token in all layers
     * @param adapted part of the tokens that the adapter acts on
     */
    private PassWork forward(double tokens, double headTokens, double keys, double adapted) {
      return own.forward(tokens, adapted)
          .plus(new PassWork(2 * headTokens * head + attentionFlops(tokens, keys), headBytes));
    }

    private PassWork decodeStep(double rows) {
      double keys = keys(promptTokens + workload.responseTokens() / 2.0);
      double cached =
          rows * keys * 2 * architecture.block().attention().cacheSize() * cacheType.bytes();
      return forward(rows, rows, keys, 1).plus(new PassWork(0, cached));
    }

    private PassWork score(double rows) {
      double responses = 2 * rows * workload.responseTokens();
      return read(2 * rows, 0.5)
          .plus(forward(2 * rows * rowTokens, responses, meanKeys(rowTokens), 0.5));
    }

    private PassWork miniBatch() {
      double rows = workload.miniBatchRows();
      double tokens = rows * rowTokens;
      double responses = rows * workload.responseTokens();
      double keys = meanKeys(rowTokens);
      PassWork backward =
          own.backward(tokens)
              .plus(source.backward(rows * sourceTokens))
              .plus(
                  new PassWork(
                      2 * responses * head
                          + 2 * attentionFlops(tokens, keys)
                          + 2 * sourceFlops(rows),
                      headBytes));
      return read(rows, 1).plus(forward(tokens, responses, keys, 1)).plus(backward);
    }
  }
}
