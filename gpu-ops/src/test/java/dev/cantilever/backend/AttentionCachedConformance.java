package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of {@link AttentionOps} must do over a paged cache. */
public abstract class AttentionCachedConformance extends OpsConformance {

  /**
   * Standard normal inputs, scale 1/√D: scores below 6, each a chain of D ≤ 256 roundings of
   * partial sums below 6, so 3e-6 on a score, and as much relative on a probability; times values
   * below 5.
   */
  private static final double FORWARD = 1e-5;

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void attentionCached_tokenByToken_equalsOnePass(AttentionCase c) {
    assertEqualsOnePass(c, 1, 1, 5);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void attentionCached_unevenSteps_equalOnePass(AttentionCase c) {
    assertEqualsOnePass(c, 7, 3, 16);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void attentionCached_everythingAtOnce_equalsOnePass(AttentionCase c) {
    assertEqualsOnePass(c, 1000, 1, 3);
  }

  /** To the bit where the cache rounds nothing, else to what its rounding may change. */
  private void assertEqualsOnePass(AttentionCase c, int first, int next, int pageTokens) {
    float[] actual = cached(c.qkv(), c.spec(tensors), first, next, pageTokens, c.lengths()).out();
    double[] qkv = TestTensors.widen(c.qkv());
    double[] expected = ReferenceAttentionOps.attention(qkv, c.offsets(), c.spec(), c.bias()).out();
    double[] bounds =
        ReferenceAttentionOps.roundedCache(qkv, c.offsets(), c.spec(), c.bias(), cacheRounding());
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] += FORWARD;
    }
    Closeness.assertClose("out", actual, expected, bounds);
    if (cacheType() == DType.F32) {
      Closeness.assertSameBits(
          "out",
          actual,
          AttentionRun.of(backend, tensors, c.qkv(), c.spec(tensors), c.lengths()).out());
    }
  }

  private DType cacheType() {
    return backend.capabilities().cacheType();
  }

  private double cacheRounding() {
    return StorageRounding.unit(cacheType());
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void attentionCached_rowAlone_hasTheBitsItHasInABatch(AttentionCase c) {
    AttentionSpec spec = c.spec(tensors);
    for (int first : new int[] {7, 1000}) { // a short row beside short ones, and beside long ones
      float[] batch = cached(c.qkv(), spec, first, 3, 16, c.lengths()).out();
      for (int r = 0; r < c.lengths().length; r++) {
        float[] qkv = TestValues.part(c.qkv(), c.offsets(), r, spec.projectionSize());
        Closeness.assertSameBits(
            "row " + r,
            cached(qkv, spec, first, 3, 16, c.lengths()[r]).out(),
            TestValues.part(batch, c.offsets(), r, spec.outputSize()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void attentionCached_cache_holdsRotatedKeysAndValues(AttentionCase c) {
    AttentionSpec spec = c.spec(tensors);
    int w = spec.projectionSize();
    PagedCache cache = cached(c.qkv(), spec, 7, 3, 16, c.lengths()).cache();
    float[] keys = tensors.read(cache.pages().keys());
    float[] values = tensors.read(cache.pages().values());
    double[] qkv = TestTensors.widen(c.qkv());
    float[] rounded = tensors.read(tensors.stored(cacheType(), c.qkv(), c.tokens(), w));
    int[] offsets = c.offsets();
    for (int r = 0; r < c.lengths().length; r++) {
      for (int t = 0; t < c.lengths()[r]; t++) {
        for (int kv = 0; kv < spec.kvHeads(); kv++) {
          int token = (offsets[r] + t) * w;
          int stored = cache.index(r, t) + kv * spec.headSize();
          String what = "row %d, token %d, head %d".formatted(r, t, kv);
          int value = token + spec.valueOffset(kv);
          Closeness.assertSameBits(
              "values of " + what,
              Arrays.copyOfRange(values, stored, stored + spec.headSize()),
              Arrays.copyOfRange(rounded, value, value + spec.headSize()));
          assertKeys(
              "keys of " + what,
              Arrays.copyOfRange(keys, stored, stored + spec.headSize()),
              ReferenceAttentionOps.rotated(qkv, token + spec.keyOffset(kv), t, spec, 1));
        }
      }
    }
  }

  /** Keys below 5, two products and a sum each, by a cosine and a sine as fp32 has them. */
  private void assertKeys(String what, float[] actual, double[] expected) {
    Closeness.assertClose(what, actual, expected, 2e-6, cacheRounding());
  }

  @Test
  void attentionCached_farPosition_isRotatedAsPrecisely() {
    AttentionSpec spec =
        new AttentionSpec(1, 1, 32, HeadLayout.SPLIT, true, 0.2f, RotarySpec.unscaled(32, 10_000));
    int position = 4001;
    PagedCache cache = PagedCache.in(tensors, cacheType(), new int[] {position + 1}, 16, spec);
    backend.transfers().zero(cache.pages().keys());
    backend.transfers().zero(cache.pages().values());
    backend.transfers().upload(cache.pages().lengths(), new int[] {0, position});
    float[] qkv = tensors.normal(spec.projectionSize(), 1);
    NewTokens tokens = newTokens(tensors.rows(1), tensors.of(1), spec);
    backend.attention().placeTokens(tokens, cache.pages(), spec);
    backend
        .attention()
        .attentionCached(
            tensors.output(DType.F32, 1, spec.outputSize()),
            tensors.of(qkv, 1, spec.projectionSize()),
            cache.pages(),
            tokens,
            spec);
    int at = cache.index(0, position);
    assertKeys(
        "key",
        Arrays.copyOfRange(tensors.read(cache.pages().keys()), at, at + spec.headSize()),
        ReferenceAttentionOps.rotated(
            TestTensors.widen(qkv), spec.keyOffset(0), position, spec, 1));
  }

  private record Cached(float[] out, PagedCache cache) {}

  /** Tokens that have not been placed. */
  private NewTokens newTokens(PackedRows rows, Tensor slots, AttentionSpec spec) {
    return new NewTokens(
        rows,
        slots,
        tensors.output(DType.I32, rows.tokens()),
        tensors.output(DType.F32, rows.tokens(), spec.rotary().dims()));
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void placeTokens_behindWhatIsCached_findsPlacesAndAngles(AttentionCase c) {
    AttentionSpec spec = c.spec(tensors);
    int pageTokens = 3;
    int count = c.lengths().length;
    PagedCache cache = PagedCache.in(tensors, cacheType(), c.lengths(), pageTokens, spec);
    int[] cached = Arrays.stream(c.lengths()).map(length -> length / 2).toArray();
    int[] lengths = new int[cache.slots()];
    for (int r = 0; r < count; r++) {
      lengths[cache.slot(r)] = cached[r];
    }
    backend.transfers().upload(cache.pages().lengths(), lengths);
    PackedRows rows =
        tensors.rows(IntStream.range(0, count).map(r -> c.lengths()[r] - cached[r]).toArray());
    Tensor slots = tensors.of(IntStream.range(0, count).map(cache::slot).toArray());
    NewTokens tokens = newTokens(rows, slots, spec);

    backend.attention().placeTokens(tokens, cache.pages(), spec);

    int[] places = tensors.readInts(tokens.places());
    float[] turns = tensors.read(tokens.turns());
    int half = spec.rotary().dims() / 2;
    double[] expected = new double[turns.length];
    for (int r = 0; r < count; r++) {
      for (int t = rows.start(r); t < rows.end(r); t++) {
        int position = cached[r] + t - rows.start(r);
        assertThat(places[t]).isEqualTo(cache.index(r, position) / spec.cacheSize());
        for (int j = 0; j < half; j++) {
          double angle = position * spec.rotary().frequencies().get(j);
          expected[2 * (t * half + j)] = Math.cos(angle) * spec.rotary().magnitude();
          expected[2 * (t * half + j) + 1] = Math.sin(angle) * spec.rotary().magnitude();
        }
      }
    }
    // Half of the last bit of numbers up to 1, and what the angle in double is off at 130.
    Closeness.assertClose("turns", turns, expected, 6.1e-8, 0);
    assertThat(tensors.readInts(cache.pages().lengths())).isEqualTo(lengths);
  }

  /** Feeds rows to a cache, {@code first} tokens and then {@code next} at a time. */
  private Cached cached(
      float[] qkv, AttentionSpec spec, int first, int next, int pageTokens, int... lengths) {
    int[] offsets = tensors.rows(lengths).offsets();
    float[] outs = new float[offsets[lengths.length] * spec.outputSize()];
    PagedCache cache = PagedCache.in(tensors, cacheType(), lengths, pageTokens, spec);
    int[] done = new int[lengths.length];
    for (int step = 0; ; step++) {
      int take = step == 0 ? first : next;
      int[] active = IntStream.range(0, done.length).filter(r -> done[r] < lengths[r]).toArray();
      if (active.length == 0) {
        break;
      }
      int[] counts = Arrays.stream(active).map(r -> Math.min(take, lengths[r] - done[r])).toArray();
      PackedRows rows = tensors.rows(counts);
      float[] input = new float[rows.tokens() * spec.projectionSize()];
      for (int a = 0; a < active.length; a++) {
        System.arraycopy(
            qkv,
            (offsets[active[a]] + done[active[a]]) * spec.projectionSize(),
            input,
            rows.start(a) * spec.projectionSize(),
            counts[a] * spec.projectionSize());
      }
      NewTokens tokens =
          newTokens(rows, tensors.of(Arrays.stream(active).map(cache::slot).toArray()), spec);
      Tensor out = tensors.output(DType.F32, rows.tokens(), spec.outputSize());
      Tensor in = tensors.of(input, rows.tokens(), spec.projectionSize());
      backend.attention().placeTokens(tokens, cache.pages(), spec);
      backend.attention().attentionCached(out, in, cache.pages(), tokens, spec);
      backend.attention().advance(cache.pages().lengths(), tokens.slots(), rows);
      float[] actual = tensors.read(out);
      for (int a = 0; a < active.length; a++) {
        System.arraycopy(
            actual,
            rows.start(a) * spec.outputSize(),
            outs,
            (offsets[active[a]] + done[active[a]]) * spec.outputSize(),
            counts[a] * spec.outputSize());
        done[active[a]] += counts[a];
      }
    }
    int[] cachedTokens = tensors.readInts(cache.pages().lengths());
    for (int r = 0; r < done.length; r++) {
      assertThat(cachedTokens[cache.slot(r)]).isEqualTo(lengths[r]);
    }
    assertThat(cachedTokens[cache.unusedSlot()]).isZero();
    float[] spare = tensors.read(cache.pages().keys().slice(0, 1));
    assertThat(spare).as("a page of no row").containsOnly(Float.NaN);
    return new Cached(outs, cache);
  }

  @Test
  void attentionCached_slotTwiceOrOutside_throwsNamingTheSlots() {
    AttentionSpec spec = smallSpec();
    PagedCache cache = PagedCache.in(tensors, cacheType(), new int[] {4, 4}, 2, spec);
    for (int slot : new int[] {1, 3, -1}) {
      assertFoundInValues(() -> cachedOnce(cache.pages(), spec, tensors.of(1, slot), 1, 1))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("different slots in [0, 3)")
          .hasMessageContaining(String.valueOf(slot));
    }
  }

  @Test
  void attentionCached_moreTokensThanPages_throwsNamingTheSlot() {
    AttentionSpec spec = smallSpec();
    PagedCache cache = PagedCache.in(tensors, cacheType(), new int[] {4, 4}, 2, spec);
    assertFoundInValues(() -> cachedOnce(cache.pages(), spec, tensors.of(1, 2), 4, 5))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("5 tokens")
        .hasMessageContaining("slot 2");
  }

  @Test
  void attentionCached_pageOutside_throwsNamingThePage() {
    AttentionSpec spec = smallSpec();
    KvPages pages = PagedCache.in(tensors, cacheType(), new int[] {2}, 2, spec).pages();
    KvPages wrong =
        new KvPages(
            pages.keys(), pages.values(), tensors.of(1, 9).reshape(2, 1), pages.lengths(), 2);
    assertFoundInValues(() -> cachedOnce(wrong, spec, tensors.of(1), 1))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("pages in [0, 3) in slot 1")
        .hasMessageContaining("9");
  }

  @Test
  void attentionCached_typeNotDeclared_throws() {
    AttentionSpec spec = smallSpec();
    for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      KvPages pages = PagedCache.in(tensors, type, new int[] {2}, 2, spec).pages();
      if (type != cacheType()) {
        assertThatThrownBy(() -> cachedOnce(pages, spec, tensors.of(1), 1))
            .isInstanceOf(UnsupportedOpException.class)
            .hasMessageContaining("expected a KV cache of " + cacheType());
        KvPages mixed =
            new KvPages(
                pages.keys(),
                tensors.output(cacheType(), 3, 2, spec.cacheSize()),
                pages.pageTable(),
                pages.lengths(),
                2);
        assertShape(() -> cachedOnce(mixed, spec, tensors.of(1), 1), "values");
      }
    }
  }

  /** With few new tokens at a time, with some more, and with all: other kernels may run. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000})
  void attentionCached_nanBeforeTheWindow_leavesLaterTokensAlone(int step) {
    AttentionCase c =
        new AttentionCase("nan", new int[] {100}, 2, 1, 64, HeadLayout.SPLIT, true, 16);
    AttentionSpec spec = c.spec().withScores(ScoreSpec.windowed(20));
    float[] clean = cached(c.qkv(), spec, step, step, 16, 100).out();
    float[] qkv = c.qkv();
    Arrays.fill(qkv, 0, 3 * spec.projectionSize(), Float.NaN);
    float[] out = cached(qkv, spec, step, step, 16, 100).out();
    int blind = 22 * spec.outputSize(); // the first token that does not see token 2
    assertThat(out[blind - 1]).isNaN();
    Closeness.assertSameBits(
        "later tokens",
        Arrays.copyOfRange(out, blind, out.length),
        Arrays.copyOfRange(clean, blind, clean.length));
  }

  @Test
  void attentionCached_wrongShapes_throwNamingTheTensor() {
    AttentionSpec spec = smallSpec();
    PackedRows rows = tensors.rows(2, 3);
    Tensor out = tensors.output(DType.F32, 5, spec.outputSize());
    Tensor qkv = tensors.output(DType.F32, 5, spec.projectionSize());
    Tensor wrong = tensors.output(DType.F32, 4, spec.outputSize());
    assertShape(() -> backend.attention().advance(tensors.of(0, 0), tensors.of(1), rows), "slots");
    KvPages pages = PagedCache.in(tensors, cacheType(), new int[] {3, 3}, 2, spec).pages();
    NewTokens tokens = newTokens(rows, tensors.of(0, 1), spec);
    assertShape(() -> backend.attention().attentionCached(wrong, qkv, pages, tokens, spec), "out");
    NewTokens oneSlot = newTokens(rows, tensors.of(0), spec);
    assertShape(() -> backend.attention().attentionCached(out, qkv, pages, oneSlot, spec), "slots");
    assertShape(() -> backend.attention().placeTokens(oneSlot, pages, spec), "slots");
    NewTokens noAngles = new NewTokens(rows, tokens.slots(), tokens.places(), wrong);
    assertShape(() -> backend.attention().placeTokens(noAngles, pages, spec), "turns");
  }

  private static AttentionSpec smallSpec() {
    return new AttentionSpec(2, 2, 4, HeadLayout.SPLIT, true, 0.5f, RotarySpec.unscaled(4, 10_000));
  }

  private void cachedOnce(KvPages pages, AttentionSpec spec, Tensor slots, int... counts) {
    PackedRows rows = tensors.rows(counts);
    int n = rows.tokens();
    Tensor qkv = tensors.of(tensors.normal(n * spec.projectionSize(), 1), n, spec.projectionSize());
    Tensor out = tensors.output(DType.F32, n, spec.outputSize());
    NewTokens tokens = newTokens(rows, slots, spec);
    backend.attention().placeTokens(tokens, pages, spec);
    backend.attention().attentionCached(out, qkv, pages, tokens, spec);
  }
}
