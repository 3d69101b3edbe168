package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.OpsException;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every implementation of {@link SamplingOps} must do. */
public abstract class SamplingOpsConformance extends OpsConformance {

  /** A log-probability of magnitude up to 20 from fp32 logits and sums: a few roundings of it. */
  private static final double LOGPROB_TOLERANCE = 1e-5;

  /** Share of the probability mass that fp32 rounding may move across a boundary between tokens. */
  private static final double BOUNDARY = 1e-6;

  private static final long SEED = 0x5EED_0000_1234L;

  private record Drawn(int[] tokens, float[] logprobs) {}

  private Drawn draw(
      float[] logits, int v, long[] queries, int[] positions, SamplingSpec spec, int step) {
    int b = queries.length;
    Tensor tokens = tensors.output(DType.I32, b);
    Tensor logprobs = tensors.output(DType.F32, b);
    backend
        .sampling()
        .sample(
            tokens,
            logprobs,
            tensors.of(logits, b, v),
            tensors.of(queries),
            tensors.of(positions),
            spec,
            SEED,
            step);
    return new Drawn(tensors.readInts(tokens), tensors.read(logprobs));
  }

  private static long[] queries(int b) {
    long[] ids = new long[b];
    Arrays.setAll(ids, i -> i * 10_000_000_019L);
    return ids;
  }

  private static int[] positions(int b) {
    int[] places = new int[b];
    Arrays.setAll(places, i -> i % 7);
    return places;
  }

  @ParameterizedTest
  @CsvSource({
    "1,0,1",
    "0.7,0,1",
    "1.5,0,1",
    "1,1,1",
    "1,5,1",
    "1,0,0.9",
    "1,0,0.2",
    "0.8,40,0.95",
    "1,100000,1",
    "1e-3,0,1",
    "1e-42,0,1"
  })
  void sample_everySpec_followsTheReference(float temperature, int topK, float topP) {
    SamplingSpec spec = new SamplingSpec(temperature, topK, topP);
    for (int v : new int[] {1, 2, 17, 256, 257, 1000}) {
      int b = 40;
      float[] logits = tensors.normal(b * v, 3);
      Drawn drawn = draw(logits, v, queries(b), positions(b), spec, 3);
      for (int r = 0; r < b; r++) {
        float[] row = TestTensors.rowsOf(logits, v, r, r + 1);
        double[] law = ReferenceSamplingOps.law(row, spec);
        double u = ReferenceSamplingOps.uniform(SEED, 3, queries(b)[r], positions(b)[r]);
        int token = drawn.tokens()[r];
        assertThat(token)
            .as("token of row %d, v %d, %s", r, v, tensors)
            .isBetween(
                ReferenceSamplingOps.draw(law, Math.max(0, u - BOUNDARY)),
                ReferenceSamplingOps.draw(law, u + BOUNDARY));
        assertThat(law[token]).as("law of the token drawn").isPositive();
        double expected = Math.log(ReferenceSamplingOps.softmax(row, temperature)[token]);
        Closeness.assertClose(
            "logprob, v " + v,
            new float[] {drawn.logprobs()[r]},
            new double[] {expected},
            // 1/temperature magnifies the rounding of a difference of logits.
            LOGPROB_TOLERANCE,
            1e-6);
      }
    }
  }

  @Test
  void sample_tenThousandDraws_passTheChiSquareTest() {
    int v = 12;
    int b = 10_000;
    float[] row = tensors.normal(v, 1);
    float[] logits = new float[b * v];
    for (int r = 0; r < b; r++) {
      System.arraycopy(row, 0, logits, r * v, v);
    }
    int[] positions = new int[b];
    Arrays.setAll(positions, i -> i);
    Drawn drawn = draw(logits, v, new long[b], positions, SamplingSpec.PLAIN, 0);
    double[] law = ReferenceSamplingOps.law(row, SamplingSpec.PLAIN);
    int[] counts = new int[v];
    for (int token : drawn.tokens()) {
      counts[token]++;
    }
    double chiSquare = 0;
    for (int token = 0; token < v; token++) {
      double expected = b * law[token];
      chiSquare += (counts[token] - expected) * (counts[token] - expected) / expected;
    }
    // 99.9 % quantile of chi-square with 11 degrees of freedom.
    assertThat(chiSquare).as("chi-square, %s", tensors).isLessThan(31.26);
  }

  @Test
  void sample_rowAnywhere_isTheSame() {
    int v = 300;
    int b = 33;
    SamplingSpec spec = new SamplingSpec(0.9f, 50, 0.9f);
    float[] logits = tensors.normal(b * v, 2);
    Drawn together = draw(logits, v, queries(b), positions(b), spec, 5);
    int[] order = tensors.permutation(b);
    long[] movedQueries = new long[b];
    int[] movedPositions = new int[b];
    for (int r = 0; r < b; r++) {
      movedQueries[r] = queries(b)[order[r]];
      movedPositions[r] = positions(b)[order[r]];
    }
    float[] movedLogits = TestTensors.permuted(logits, v, order);
    Drawn moved = draw(movedLogits, v, movedQueries, movedPositions, spec, 5);
    for (int r = 0; r < b; r++) {
      assertThat(moved.tokens()[r]).isEqualTo(together.tokens()[order[r]]);
      Closeness.assertSameBits(
          "logprob",
          new float[] {moved.logprobs()[r]},
          new float[] {together.logprobs()[order[r]]});
      Drawn alone =
          draw(
              TestTensors.rowsOf(logits, v, r, r + 1),
              v,
              new long[] {queries(b)[r]},
              new int[] {positions(b)[r]},
              spec,
              5);
      assertThat(alone.tokens()[0]).isEqualTo(together.tokens()[r]);
      Closeness.assertSameBits(
          "logprob alone", alone.logprobs(), new float[] {together.logprobs()[r]});
    }
  }

  @Test
  void sample_anotherStepQueryOrPosition_drawsAnew() {
    int v = 1000;
    int b = 20;
    float[] logits = new float[b * v];
    long[] queries = queries(b);
    int[] positions = positions(b);
    int[] tokens = draw(logits, v, queries, positions, SamplingSpec.PLAIN, 1).tokens();
    assertThat(draw(logits, v, queries, positions, SamplingSpec.PLAIN, 1).tokens())
        .isEqualTo(tokens);
    assertThat(draw(logits, v, queries, positions, SamplingSpec.PLAIN, 2).tokens())
        .isNotEqualTo(tokens);
    long[] highWord = queries.clone();
    Arrays.setAll(highWord, i -> queries[i] + (1L << 40));
    assertThat(draw(logits, v, highWord, positions, SamplingSpec.PLAIN, 1).tokens())
        .isNotEqualTo(tokens);
    int[] later = positions.clone();
    Arrays.setAll(later, i -> positions[i] + 1);
    assertThat(draw(logits, v, queries, later, SamplingSpec.PLAIN, 1).tokens())
        .isNotEqualTo(tokens);
  }

  @Test
  void sample_greedy_takesTheFirstLargestAndItsPlainLogprob() {
    float[] logits = {1, 5, -2, 5, /* row 1 */ -3, -7, -1e30f, -4};
    Drawn drawn = draw(logits, 4, queries(2), positions(2), SamplingSpec.GREEDY, 0);
    assertThat(drawn.tokens()).containsExactly(1, 0);
    double[] expected = {
      Math.log(ReferenceSamplingOps.softmax(new float[] {1, 5, -2, 5}, 1)[1]),
      Math.log(ReferenceSamplingOps.softmax(new float[] {-3, -7, -1e30f, -4}, 1)[0])
    };
    Closeness.assertClose("logprobs", drawn.logprobs(), expected, LOGPROB_TOLERANCE, 0);
  }

  @Test
  void sample_maskedAndHugeLogits_neverDrawsTheImpossible() {
    int b = 200;
    float inf = Float.NEGATIVE_INFINITY;
    float[] row = {inf, 1e30f, inf, 1e30f, -1e30f, inf};
    float[] logits = new float[b * 6];
    for (int r = 0; r < b; r++) {
      System.arraycopy(row, 0, logits, 6 * r, 6);
    }
    for (SamplingSpec spec :
        new SamplingSpec[] {SamplingSpec.PLAIN, new SamplingSpec(1, 4, 0.99f)}) {
      Drawn drawn = draw(logits, 6, queries(b), positions(b), spec, 0);
      assertThat(drawn.tokens()).containsOnly(1, 3).contains(1, 3);
      for (float logprob : drawn.logprobs()) {
        assertThat(logprob).isEqualTo((float) -Math.log(2));
      }
    }
  }

  @Test
  void sample_tiesAtTheBorderOfTopK_keepsTheLowestIds() {
    int b = 300;
    float[] logits = new float[b * 8];
    Drawn drawn = draw(logits, 8, queries(b), positions(b), new SamplingSpec(1, 3, 1), 0);
    assertThat(drawn.tokens()).containsOnly(0, 1, 2).contains(0, 1, 2);
  }

  @Test
  void sample_nanOrInfinity_namesTheRow() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] logits = tensors.normal(5 * 40, 1);
      logits[3 * 40 + 11] = bad;
      logits[4 * 40] = bad;
      assertFoundInValues(() -> draw(logits, 40, queries(5), positions(5), SamplingSpec.PLAIN, 0))
          .isInstanceOf(OpsException.class)
          .hasMessageContaining(bad + " at token 11")
          .hasMessageContaining("row 3")
          .hasMessageContaining("query " + queries(5)[3]);
    }
  }

  @Test
  void sample_wrongShapes_nameTheArgument() {
    Tensor logits = tensors.of(new float[6], 2, 3);
    Tensor two = tensors.of(0, 0);
    Tensor three = tensors.of(0, 0, 0);
    Tensor logprobs = tensors.output(DType.F32, 2);
    Tensor queries = tensors.of(new long[2]);
    SamplingOps ops = backend.sampling();
    assertThatThrownBy(
            () -> ops.sample(three, logprobs, logits, queries, two, SamplingSpec.PLAIN, 0, 0))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected tokens [B=2]");
    assertThatThrownBy(() -> ops.sample(two, logprobs, logits, two, two, SamplingSpec.PLAIN, 0, 0))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected queryIds [B=2]");
  }
}
