package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.FrozenWeightCase.Form;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The operations of blocks of which attention and MLP lie side by side, in the order in which a
 * decoding step calls them: recorded, where a device may run much of it at the same time, they must
 * leave what they leave one after the other.
 */
public abstract class ParallelBlockConformance extends OpsConformance {

  private static final int HEADS = 8;
  private static final int SIZE = 64;
  private static final int HIDDEN = HEADS * SIZE;
  private static final int FEED_FORWARD = 4 * HIDDEN;
  private static final int RANK = 16;
  private static final int LAYERS = 3;
  private static final int CACHED = 37;
  private static final int RUNS = 4;
  private static final float EPS = 1e-5f;

  private static final AttentionSpec ATTENTION =
      new AttentionSpec(
          HEADS,
          HEADS,
          SIZE,
          HeadLayout.INTERLEAVED,
          true,
          0.125f,
          RotarySpec.unscaled(16, 10_000),
          ScoreSpec.PLAIN);

  private record Layer(
      Tensor gamma,
      Tensor mlpGamma,
      Tensor beta,
      Weight qkv,
      Weight up,
      Weight out,
      Weight down,
      List<LowRankTerm> branches,
      List<LowRankTerm> upBranches,
      PagedCache cache) {}

  private final class Step {

    private final int rows;
    private final boolean oneNorm;
    private final Tensor x;
    private final Tensor y;
    private final Tensor middle;
    private final Tensor normed; // these are the same in all layers, as a pass has them
    private final Tensor mlpNormed;
    private final Tensor qkv;
    private final Tensor up;
    private final Tensor attended;
    private final NewTokens tokens;
    private final List<Layer> layers;

    private Step(int rows, boolean oneNorm, boolean branches, boolean upBranches) {
      this.rows = rows;
      this.oneNorm = oneNorm;
      this.x = tensors.of(tensors.normal(rows * HIDDEN, 1), rows, HIDDEN);
      this.y = rows(HIDDEN);
      this.middle = rows(HIDDEN);
      this.normed = rows(HIDDEN);
      this.mlpNormed = oneNorm ? normed : rows(HIDDEN);
      this.qkv = rows(3 * HIDDEN);
      this.up = rows(FEED_FORWARD);
      this.attended = rows(HIDDEN);
      this.layers =
          IntStream.range(0, LAYERS).mapToObj(i -> layer(rows, branches, upBranches)).toList();
      PagedCache cache = layers.get(0).cache();
      PackedRows packed = tensors.rows(IntStream.range(0, rows).map(r -> 1).toArray());
      this.tokens =
          new NewTokens(
              packed,
              tensors.of(IntStream.range(0, rows).map(cache::slot).toArray()),
              tensors.output(DType.I32, rows),
              tensors.output(DType.F32, rows, ATTENTION.rotary().dims()));
      backend.attention().placeTokens(tokens, cache.pages(), ATTENTION);
    }

    private void run() {
      Tensor in = x;
      for (Layer layer : layers) {
        Tensor out = in == y ? middle : y; // the last of an odd number is y
        block(out, in, layer);
        in = out;
      }
    }

    private void block(Tensor out, Tensor in, Layer layer) {
      try (Fork fork = oneNorm ? Fork.inOrder() : backend.fork()) {
        backend.norm().layerNorm(normed, in, layer.gamma(), layer.beta(), EPS);
        fork.second();
        if (!oneNorm) {
          backend.norm().layerNorm(mlpNormed, in, layer.mlpGamma(), layer.beta(), EPS);
        }
      }
      MatmulOps matmul = backend.matmul();
      LinearTerm first = new LinearTerm(normed, layer.qkv());
      try (Fork fork = matmul.linearPair(qkv, first, up, new LinearTerm(mlpNormed, layer.up()))) {
        matmul.lowRank(qkv, normed, layer.branches());
        backend
            .attention()
            .attentionCached(attended, qkv, layer.cache().pages(), tokens, ATTENTION);
        fork.second();
        matmul.lowRank(up, mlpNormed, layer.upBranches());
        backend.activation().activate(up, up, Activation.GELU);
      }
      matmul.linearSum(
          out, new LinearTerm(attended, layer.out()), new LinearTerm(up, layer.down()), in);
    }

    private Tensor rows(int width) {
      return tensors.output(DType.F32, rows, width);
    }
  }

  private Layer layer(int rows, boolean branches, boolean upBranches) {
    int[] lengths = new int[rows];
    Arrays.fill(lengths, CACHED + 1);
    PagedCache cache =
        PagedCache.in(tensors, backend.capabilities().cacheType(), lengths, 16, ATTENTION);
    backend.transfers().zero(cache.pages().keys());
    backend.transfers().zero(cache.pages().values());
    int[] cached = new int[cache.slots()];
    Arrays.fill(cached, CACHED);
    backend.transfers().upload(cache.pages().lengths(), cached);
    return new Layer(
        tensors.of(tensors.normal(HIDDEN, 1), HIDDEN),
        tensors.of(tensors.normal(HIDDEN, 1), HIDDEN),
        tensors.of(tensors.normal(HIDDEN, 1), HIDDEN),
        weight(HIDDEN, 3 * HIDDEN),
        weight(HIDDEN, FEED_FORWARD),
        weight(HIDDEN, HIDDEN),
        weight(FEED_FORWARD, HIDDEN),
        branches ? List.of(branch(3 * HIDDEN)) : List.of(),
        upBranches ? List.of(branch(FEED_FORWARD)) : List.of(),
        cache);
  }

  private Weight weight(int inputs, int outputs) {
    return FrozenWeightCase.random(backend, tensors, Form.WEIGHT_ONLY, inputs, outputs, true)
        .weight();
  }

  private LowRankTerm branch(int outputs) {
    return new LowRankTerm(
        tensors.of(tensors.normal(RANK * HIDDEN, 0.1), RANK, HIDDEN),
        tensors.of(tensors.normal(outputs * RANK, 0.1), outputs, RANK),
        0,
        2);
  }

  @ParameterizedTest
  @CsvSource({
    "32, false, true, false",
    "32, true, true, false",
    "32, false, true, true",
    "32, true, false, false",
    "1, false, true, false",
    "5, true, true, true",
    "40, false, true, true",
    "40, true, true, false"
  })
  void blocks_inARecording_giveWhatOperationsOneAfterTheOtherGive(
      int rows, boolean oneNorm, boolean branches, boolean upBranches) {
    Step step = new Step(rows, oneNorm, branches, upBranches);
    step.run();
    float[] expected = tensors.read(step.y);
    try (Recording recording = backend.record(step::run)) {
      for (int run = 1; run <= RUNS; run++) {
        backend.transfers().zero(step.y);
        recording.run();
        recording.run();
        assertThat(tensors.read(step.y)).as("run %d, %s", run, tensors).isEqualTo(expected);
      }
    }
  }
}
