package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an operation gives follows from its arguments alone. A device may have the operation before
 * a product prepare its rows for it; that may change no bit, and what was prepared may never be
 * taken for rows that have changed since.
 */
public abstract class OpSequenceConformance extends OpsConformance {

  private static final int[] COUNTS = {1, 3, 8, 20, 32, 33, 64};

  /** What a large device cuts within its outputs, and among them. */
  private static final int FEW_OUTPUTS = 520;

  private static final int MANY_OUTPUTS = 33_800;

  /** Up to these inputs, so that weights stay small. */
  private static final int MANY_OUTPUTS_INPUTS = 320;

  /** Of tests of one shape. */
  private static final int ROWS = 8;

  private static final int WIDTH = 128;

  private static final int RUNS = 4;
  private static final float EPS = 1e-5f;

  @ParameterizedTest
  @ValueSource(ints = {64, 100, 320, 8256})
  void linear_directlyBehindLayerNorm_hasTheBitsItHasLater(int inputs) {
    Tensor gamma = tensors.of(tensors.normal(inputs, 1), inputs);
    Tensor beta = tensors.stored(DType.BF16, tensors.normal(inputs, 1), inputs);
    assertSameLater(
        inputs, inputs, (rows, x) -> backend.norm().layerNorm(rows, x, gamma, beta, EPS));
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 100, 320, 8256})
  void linear_directlyBehindRmsNorm_hasTheBitsItHasLater(int inputs) {
    Tensor gamma = tensors.of(tensors.normal(inputs, 1), inputs);
    assertSameLater(inputs, inputs, (rows, x) -> backend.norm().rmsNorm(rows, x, gamma, EPS));
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 100, 320, 24_576})
  void linear_directlyBehindAnActivation_hasTheBitsItHasLater(int inputs) {
    assertSameLater(
        inputs, inputs, (rows, x) -> backend.activation().activate(rows, x, Activation.GELU));
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 100, 320, 11_008})
  void linear_directlyBehindAGatedActivation_hasTheBitsItHasLater(int inputs) {
    assertSameLater(
        inputs,
        2 * inputs,
        (rows, x) -> backend.activation().activateGated(rows, x, Activation.SILU));
  }

  @ParameterizedTest
  @CsvSource({
    "16, 16, 20", // heads that end within four of a row
    "64, 64, 33",
    "4, 2, 64",
    "4, 4, 96",
    "3, 1, 128",
    "2, 2, 256",
  })
  void linear_directlyBehindDecoding_hasTheBitsItHasLater(int heads, int kvHeads, int size) {
    AttentionSpec spec =
        new AttentionSpec(
            heads,
            kvHeads,
            size,
            HeadLayout.SPLIT,
            true,
            (float) (1 / Math.sqrt(size)),
            RotarySpec.unscaled(size / 4 * 2, 10_000));
    assertSameLater(spec.outputSize(), spec.projectionSize(), decoding(spec));
  }

  /** Makes rows [N, K] of others. */
  private interface Producer {
    void make(Tensor rows, Tensor x);
  }

  /** Of rows with 0, 1, 2 … tokens in the cache. */
  private Producer decoding(AttentionSpec spec) {
    int slots = COUNTS[COUNTS.length - 1];
    int pageTokens = 16;
    int maxPages = slots / pageTokens + 1;
    int pages = slots * maxPages;
    DType type = backend.capabilities().cacheType();
    KvPages cache =
        new KvPages(
            tensors.output(type, pages, pageTokens, spec.cacheSize()),
            tensors.output(type, pages, pageTokens, spec.cacheSize()),
            tensors.of(IntStream.range(0, pages).toArray()).reshape(slots, maxPages),
            tensors.of(IntStream.range(0, slots).toArray()),
            pageTokens);
    backend.transfers().fillUniform(cache.keys(), 1, 1);
    backend.transfers().fillUniform(cache.values(), 1, 2);
    NewTokens[] tokens = new NewTokens[slots + 1];
    for (int n : COUNTS) {
      tokens[n] = newTokens(n, spec);
      backend.attention().placeTokens(tokens[n], cache, spec);
    }
    return (rows, x) ->
        backend.attention().attentionCached(rows, x, cache, tokens[rows.size(0)], spec);
  }

  private NewTokens newTokens(int count, AttentionSpec spec) {
    int[] each = new int[count];
    Arrays.fill(each, 1);
    PackedRows rows = tensors.rows(each);
    return new NewTokens(
        rows,
        tensors.of(IntStream.range(0, count).toArray()),
        tensors.output(DType.I32, count),
        tensors.output(DType.F32, count, spec.rotary().dims()));
  }

  private void assertSameLater(int inputs, int width, Producer producer) {
    assertSameLater(int8(FEW_OUTPUTS, inputs), width, producer);
    if (inputs <= MANY_OUTPUTS_INPUTS) {
      assertSameLater(int8(MANY_OUTPUTS, inputs), width, producer);
    }
  }

  private void assertSameLater(Int8Weight w, int width, Producer producer) {
    for (int n : COUNTS) {
      Tensor x = tensors.of(tensors.normal(n * width, 1), n, width);
      Tensor rows = tensors.output(DType.F32, n, w.inFeatures());
      Tensor y = tensors.output(DType.F32, n, w.outFeatures());
      producer.make(rows, x);
      backend.matmul().linear(y, rows, w);
      float[] directly = tensors.read(y);
      assertThat(directly).doesNotContain(Float.NaN);
      Closeness.assertSameBits(n + " rows " + tensors, directly, later(rows, w));
    }
  }

  private Int8Weight int8(int outputs, int inputs) {
    Int8Weight weight =
        new Int8Weight(
            outputs,
            inputs,
            tensors.output(DType.I8, backend.matmul().int8Bytes(outputs, inputs)),
            tensors.output(DType.F32, outputs),
            Int8Mode.WEIGHT_ONLY,
            Optional.of(tensors.of(tensors.normal(outputs, 1), outputs)),
            Optional.empty());
    backend.matmul().randomInt8(weight, 0.1f, 1);
    return weight;
  }

  /** A product of rows that lie in a place of their own, which no operation has made there. */
  private float[] later(Tensor rows, Int8Weight w) {
    Tensor copy = tensors.of(tensors.read(rows), rows.dim(0), rows.dim(1));
    Tensor y = tensors.output(DType.F32, rows.dim(0), w.outFeatures());
    backend.matmul().linear(y, copy, w);
    return tensors.read(y);
  }

  private Tensor rows() {
    return tensors.of(tensors.normal(ROWS * WIDTH, 1), ROWS, WIDTH);
  }

  private void makeRows(Tensor rows, Tensor x) {
    backend.activation().activate(rows, x, Activation.RELU);
  }

  @Test
  void linear_rowsOverwrittenSinceTheyWereMade_readsThem() {
    Int8Weight w = int8(FEW_OUTPUTS, WIDTH);
    Tensor rows = rows();
    Tensor other = rows();
    Tensor y = tensors.output(DType.F32, ROWS, FEW_OUTPUTS);
    makeRows(rows, rows());
    backend.transfers().copy(rows, other);
    backend.matmul().linear(y, rows, w);
    Closeness.assertSameBits("copied", tensors.read(y), later(other, w));
    makeRows(rows, rows());
    backend.transfers().upload(rows, tensors.read(other));
    backend.matmul().linear(y, rows, w);
    Closeness.assertSameBits("uploaded", tensors.read(y), later(other, w));
    makeRows(rows, rows());
    backend.transfers().zero(rows);
    backend.matmul().linear(y, rows, w);
    Closeness.assertSameBits("zero", tensors.read(y), later(rows, w));
  }

  @Test
  void linear_otherRowsMadeSince_readsItsOwn() {
    Int8Weight w = int8(FEW_OUTPUTS, WIDTH);
    Tensor rows = rows();
    Tensor others = rows();
    Tensor x = rows();
    Tensor y = tensors.output(DType.F32, ROWS, FEW_OUTPUTS);
    makeRows(rows, rows());
    makeRows(others, x);
    backend.matmul().linear(y, rows, w);
    Closeness.assertSameBits("first", tensors.read(y), later(rows, w));
  }

  @Test
  void linear_partOfTheRowsOrOfAnotherShape_readsThem() {
    Int8Weight w = int8(FEW_OUTPUTS, WIDTH);
    Int8Weight wide = int8(FEW_OUTPUTS, 2 * WIDTH);
    Tensor rows = rows();
    Tensor x = rows();
    Tensor half = tensors.output(DType.F32, ROWS / 2, FEW_OUTPUTS);
    for (int from : new int[] {0, ROWS / 2}) {
      Tensor part = rows.slice(from, from + ROWS / 2);
      makeRows(rows, x);
      backend.matmul().linear(half, part, w);
      Closeness.assertSameBits("from " + from, tensors.read(half), later(part, w));
    }
    Tensor wideRows = rows.reshape(ROWS / 2, 2 * WIDTH);
    makeRows(rows, x);
    backend.matmul().linear(half, wideRows, wide);
    Closeness.assertSameBits("wide", tensors.read(half), later(wideRows, wide));
  }

  @Test
  void recording_ofRowsAndTheirProduct_readsWhatIsThereInEachRun() {
    Int8Weight w = int8(FEW_OUTPUTS, WIDTH);
    Tensor x = rows();
    Tensor rows = rows();
    Tensor y = tensors.output(DType.F32, ROWS, FEW_OUTPUTS);
    try (Recording recording =
        backend.record(
            () -> {
              makeRows(rows, x);
              backend.matmul().linear(y, rows, w);
            })) {
      for (int run = 0; run < RUNS; run++) {
        backend.transfers().upload(x, tensors.normal(ROWS * WIDTH, 1));
        recording.run();
        Closeness.assertSameBits("run " + run, tensors.read(y), later(rows, w));
      }
    }
  }

  @Test
  void recording_ofTheProductAlone_readsWhatIsThereInEachRun() {
    Int8Weight w = int8(FEW_OUTPUTS, WIDTH);
    Tensor rows = rows();
    Tensor others = rows();
    Tensor x = rows();
    Tensor y = tensors.output(DType.F32, ROWS, FEW_OUTPUTS);
    try (Recording recording = backend.record(() -> backend.matmul().linear(y, rows, w))) {
      for (int run = 0; run < RUNS; run++) {
        makeRows(rows, rows());
        if (run > 1) {
          makeRows(others, x);
        }
        recording.run();
        Closeness.assertSameBits("run " + run, tensors.read(y), later(rows, w));
      }
    }
  }

  @Test
  void linear_directlyBehindARecordingOfItsRows_readsThem() {
    Int8Weight w = int8(FEW_OUTPUTS, WIDTH);
    Tensor x = rows();
    Tensor rows = rows();
    Tensor y = tensors.output(DType.F32, ROWS, FEW_OUTPUTS);
    try (Recording recording = backend.record(() -> makeRows(rows, x))) {
      for (int run = 0; run < RUNS; run++) {
        backend.transfers().upload(x, tensors.normal(ROWS * WIDTH, 1));
        recording.run();
        backend.matmul().linear(y, rows, w);
        Closeness.assertSameBits("run " + run, tensors.read(y), later(rows, w));
      }
    }
  }
}
