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
import org.junit.jupiter.params.provider.ValueSource;

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
      assertFollowsTheReference(tensors.normal(b * v, 3), v, b, spec);
    }
  }

  /** Around the sizes at which a row is cut, and those of real vocabularies, aligned or not. */
  @ParameterizedTest
  @ValueSource(
      ints = {5, 127, 128, 129, 4095, 4096, 4097, 8200, 50_257, 50_304, 128_256, 131_073, 151_936})
  void sample_anyVocabulary_followsTheReference(int v) {
    int b = 3;
    float[] logits = tensors.normal(b * v, 3);
    assertFollowsTheReference(logits, v, b, SamplingSpec.PLAIN);
    assertFollowsTheReference(logits, v, b, new SamplingSpec(0.7f, 0, 1));
    assertFollowsTheReference(logits, v, b, new SamplingSpec(1, 50, 0.9f));
    assertGreedyTakesTheFirstLargest(logits, v, b);
  }

  @ParameterizedTest
  @ValueSource(floats = {1e-42f, 1e-30f, 1e-3f, 1e4f, 1e30f, Float.MAX_VALUE})
  void sample_extremeTemperature_followsTheReference(float temperature) {
    int v = 9000;
    int b = 8;
    float[] logits = tensors.normal(b * v, 3);
    logits[3] = 1e30f;
    logits[8000] = -1e30f;
    logits[v + 4000] = 1e38f;
    logits[v + 5000] = -1e38f;
    assertFollowsTheReference(logits, v, b, new SamplingSpec(temperature, 0, 1));
  }

  /** Only a stretch of a large vocabulary, or a single token, may be drawn. */
  @ParameterizedTest
  @CsvSource({"0,1", "0,100", "29990,30100", "50303,50304", "1664,1665", "12345,12346"})
  void sample_maskedButForAStretch_drawsWithinIt(int from, int to) {
    int v = 50_304;
    int b = 20;
    float[] logits = new float[b * v];
    Arrays.fill(logits, Float.NEGATIVE_INFINITY);
    float[] open = tensors.normal(b * (to - from), 2);
    for (int r = 0; r < b; r++) {
      System.arraycopy(open, r * (to - from), logits, r * v + from, to - from);
    }
    assertFollowsTheReference(logits, v, b, SamplingSpec.PLAIN);
    assertFollowsTheReference(logits, v, b, new SamplingSpec(1, 200, 0.9f));
    assertGreedyTakesTheFirstLargest(logits, v, b);
  }

  /** Where the likely tokens lie far apart, each of them is drawn. */
  @Test
  void sample_fewTokensFarApart_drawsAllOfThem() {
    int v = 20_000;
    int b = 200;
    int[] likely = {0, 639, 640, 7777, 19_999};
    float[] logits = new float[b * v];
    Arrays.fill(logits, -200);
    for (int r = 0; r < b; r++) {
      for (int token : likely) {
        logits[r * v + token] = 5;
      }
    }
    assertFollowsTheReference(logits, v, b, SamplingSpec.PLAIN);
    assertThat(draw(logits, v, queries(b), positions(b), SamplingSpec.PLAIN, 0).tokens())
        .containsOnly(0, 639, 640, 7777, 19_999)
        .contains(0, 639, 640, 7777, 19_999);
  }

  private void assertFollowsTheReference(float[] logits, int v, int b, SamplingSpec spec) {
    Drawn drawn = draw(logits, v, queries(b), positions(b), spec, 3);
    for (int r = 0; r < b; r++) {
      float[] row = TestTensors.rowsOf(logits, v, r, r + 1);
      double[] law = ReferenceSamplingOps.law(row, spec);
      double u = ReferenceSamplingOps.uniform(SEED, 3, queries(b)[r], positions(b)[r]);
      int token = drawn.tokens()[r];
      assertThat(token)
          .as("token of row %d, v %d, %s, %s", r, v, spec, tensors)
          .isBetween(
              ReferenceSamplingOps.draw(law, Math.max(0, u - BOUNDARY)),
              ReferenceSamplingOps.draw(law, u + BOUNDARY));
      assertThat(law[token]).as("law of the token drawn").isPositive();
      double expected = Math.log(ReferenceSamplingOps.softmax(row, spec.temperature())[token]);
      Closeness.assertClose(
          "logprob, v " + v,
          new float[] {drawn.logprobs()[r]},
          new double[] {expected},
          // 1/temperature magnifies the rounding of a difference of logits.
          LOGPROB_TOLERANCE,
          1e-6);
    }
  }

  private void assertGreedyTakesTheFirstLargest(float[] logits, int v, int b) {
    Drawn greedy = draw(logits, v, queries(b), positions(b), SamplingSpec.GREEDY, 0);
    for (int r = 0; r < b; r++) {
      float[] row = TestTensors.rowsOf(logits, v, r, r + 1);
      assertThat(greedy.tokens()[r]).as("token of row %d, v %d", r, v).isEqualTo(firstLargest(row));
    }
  }

  private static int firstLargest(float[] row) {
    int largest = 0;
    for (int token = 1; token < row.length; token++) {
      if (row[token] > row[largest]) {
        largest = token;
      }
    }
    return largest;
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

  @ParameterizedTest
  @CsvSource({"300,0.9,50,0.9", "300,0.9,0,1", "9001,0.9,0,1", "9004,0.9,0,1", "9001,0,0,1"})
  void sample_rowAnywhere_isTheSame(int v, float temperature, int topK, float topP) {
    int b = 33;
    SamplingSpec spec = new SamplingSpec(temperature, topK, topP);
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
  void sample_greedyTiesFarApart_takesTheFirst() {
    int v = 50_304;
    int[][] largest = {{0, 50_303}, {50_303}, {1663, 1664}, {40_000, 127, 45_000}, {3328, 3329}};
    float[] logits = new float[largest.length * v];
    int[] expected = new int[largest.length];
    for (int r = 0; r < largest.length; r++) {
      for (int token : largest[r]) {
        logits[r * v + token] = 0.5f;
      }
      expected[r] = Arrays.stream(largest[r]).min().getAsInt();
    }
    int b = largest.length;
    assertThat(draw(logits, v, queries(b), positions(b), SamplingSpec.GREEDY, 0).tokens())
        .isEqualTo(expected);
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

  @ParameterizedTest
  @CsvSource({"2600", "0", "4999"})
  void sample_nanInALargeRow_namesItsFirst(int first) {
    int v = 5000;
    float[] logits = tensors.normal(2 * v, 1);
    Arrays.fill(logits, v + 100, v + 2500, Float.NEGATIVE_INFINITY);
    logits[v + 4999] = Float.NaN;
    logits[v + first] = Float.NaN;
    for (SamplingSpec spec :
        new SamplingSpec[] {SamplingSpec.PLAIN, SamplingSpec.GREEDY, new SamplingSpec(1, 5, 1)}) {
      assertFoundInValues(() -> draw(logits, v, queries(2), positions(2), spec, 0))
          .isInstanceOf(OpsException.class)
          .hasMessageContaining("NaN at token " + first)
          .hasMessageContaining("row 1");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5000})
  void sample_minusInfinityEverywhere_namesTheRow(int v) {
    float[] logits = tensors.normal(3 * v, 1);
    Arrays.fill(logits, v, 2 * v, Float.NEGATIVE_INFINITY);
    for (SamplingSpec spec :
        new SamplingSpec[] {SamplingSpec.PLAIN, SamplingSpec.GREEDY, new SamplingSpec(1, 2, 1)}) {
      assertFoundInValues(() -> draw(logits, v, queries(3), positions(3), spec, 0))
          .isInstanceOf(OpsException.class)
          .hasMessageContaining("minus infinity everywhere")
          .hasMessageContaining("row 1");
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
