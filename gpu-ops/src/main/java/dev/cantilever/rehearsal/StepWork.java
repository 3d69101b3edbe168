package dev.cantilever.rehearsal;

import dev.cantilever.model.Architecture;
import dev.cantilever.model.CausalLm;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.ResidualLayout;
import dev.cantilever.nn.TransformerBlock;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Weight;
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
    private final double linears;
    private final double linearBytes;
    private final double withoutGradient;
    private final double head;
    private final double headBytes;
    private final double adapter;
    private final DType cacheType;

    Count(RehearsedPolicy policy, Workload workload) {
      CausalLm model = policy.model();
      this.workload = workload;
      this.architecture = model.architecture();
      double elements = 0;
      double bytes = 0;
      for (TransformerBlock block : model.transformer().blocks()) {
        for (Linear linear : linearsOf(block)) {
          elements += elements(linear.weight());
          bytes += bytes(linear.weight());
        }
      }
      this.linears = elements;
      this.linearBytes = bytes;
      this.withoutGradient = elementsThatReadTheEmbedding(model.transformer().blocks().get(0));
      this.head = elements(model.head().weight());
      this.headBytes = bytes(model.head().weight());
      this.adapter = policy.adapterElements();
      this.cacheType = policy.backend().capabilities().cacheType();
    }

    /** Before the first block nothing is trained, so nothing goes back through what reads it. */
    private static double elementsThatReadTheEmbedding(TransformerBlock first) {
      double attention = elements(first.attention().qkv().weight());
      return first.layout() == ResidualLayout.PARALLEL
          ? attention + elements(first.mlp().up().weight())
          : attention;
    }

    private static Linear[] linearsOf(TransformerBlock block) {
      return new Linear[] {
        block.attention().qkv(), block.attention().output(), block.mlp().up(), block.mlp().down()
      };
    }

    private static double elements(Weight weight) {
      return (double) weight.outFeatures() * weight.inFeatures();
    }

    private static double bytes(Weight weight) {
      return weight instanceof Int8Weight
          ? elements(weight) + (double) weight.outFeatures() * Float.BYTES
          : elements(weight) * ((DenseWeight) weight).values().dtype().bytes();
    }

    StepWork work(PassSettings settings) {
      int rounds = (workload.rows() + settings.maxRows() - 1) / settings.maxRows();
      double rows = (double) workload.rows() / rounds;
      int rowsOfPass = (int) Math.max(1, settings.maxTokens() / (2L * workload.rowTokens()));
      int scorePasses = (workload.rows() + rowsOfPass - 1) / rowsOfPass;
      return new StepWork(
          forward(rows * workload.promptTokens(), rows, meanKeys(workload.promptTokens()), 1),
          decodeStep(rows),
          score((double) workload.rows() / scorePasses),
          scorePasses,
          miniBatch(),
          rounds,
          workload.miniBatches() * workload.epochs(),
          workload.responseTokens() - 1);
    }

    /** Keys that a token of a row looks at on average, in all layers together. */
    private double meanKeys(int rowTokens) {
      return windows()
          .mapToDouble(window -> Math.min(window, rowTokens))
          .map(most -> (most * (most + 1) / 2 + (rowTokens - most) * most) / rowTokens)
          .sum();
    }

    /** Keys that a token behind so many looks at in all layers together. */
    private double keys(double context) {
      return windows().mapToDouble(window -> Math.min(window, context)).sum();
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
      return 2 * 2 * tokens * keys * attentionWidth();
    }

    private double attentionWidth() {
      return architecture.block().attention().outputSize();
    }

    /**
     * A pass without gradients.
     *
     * @param keys of a token in all layers
     * @param adapted part of the tokens that the adapter acts on
     */
    private PassWork forward(double tokens, double headTokens, double keys, double adapted) {
      return new PassWork(
          2 * tokens * (linears + adapted * adapter)
              + 2 * headTokens * head
              + attentionFlops(tokens, keys),
          linearBytes + headBytes + adapter * Float.BYTES);
    }

    private PassWork decodeStep(double rows) {
      double keys = keys(workload.promptTokens() + workload.responseTokens() / 2.0);
      double cached =
          rows * keys * 2 * architecture.block().attention().cacheSize() * cacheType.bytes();
      return forward(rows, rows, keys, 1).plus(new PassWork(0, cached));
    }

    private PassWork score(double rows) {
      double tokens = 2 * rows * workload.rowTokens();
      double responses = 2 * rows * workload.responseTokens();
      return forward(tokens, responses, meanKeys(workload.rowTokens()), 0.5);
    }

    private PassWork miniBatch() {
      double tokens = (double) workload.miniBatchRows() * workload.rowTokens();
      double responses = (double) workload.miniBatchRows() * workload.responseTokens();
      double keys = meanKeys(workload.rowTokens());
      PassWork backward =
          new PassWork(
              // Gradients of inputs; of the adapter, those of its matrices too.
              2 * tokens * (linears - withoutGradient + 2 * adapter)
                  + 2 * responses * head
                  + 2 * attentionFlops(tokens, keys),
              linearBytes * (1 - withoutGradient / linears) + headBytes + adapter * Float.BYTES);
      return forward(tokens, responses, keys, 1).plus(backward);
    }
  }
}
