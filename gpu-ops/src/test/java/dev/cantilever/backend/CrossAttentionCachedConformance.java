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

/** What every implementation of {@link AttentionOps#crossAttentionCached} must do. */
public abstract class CrossAttentionCachedConformance extends OpsConformance {

  /** As without a cache, {@link CrossAttentionConformance}. */
  private static final double FORWARD = 1e-5;

  private static final int PAGE_TOKENS = 16;

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.CrossCase#cases")
  void crossAttentionCached_allQueriesAtOnce_equalsUncached(CrossCase c) {
    PagedCache cache = filled(c, 1000);
    float[] actual = attend(c, cache, allRows(c));
    ReferenceCrossAttention.Result expected =
        ReferenceCrossAttention.of(c).attention(StorageRounding.unit(cacheType()));
    double[] bounds = Arrays.stream(expected.rounding()).map(b -> b + FORWARD).toArray();
    Closeness.assertClose("out of " + c, actual, expected.out(), bounds);
    if (cacheType() == DType.F32) {
      Closeness.assertSameBits("out of " + c, actual, uncached(c));
    }
    assertThat(tensors.readInts(cache.pages().lengths())[cache.slot(0)])
        .as("length of a slot")
        .isEqualTo(c.keyLengths()[0]);
  }

  private float[] uncached(CrossCase c) {
    int width = c.spec().outputSize();
    Tensor out = tensors.output(DType.F32, c.tokens(), width);
    PackedRows keyRows = tensors.rows(c.keyLengths());
    backend
        .attention()
        .crossAttention(
            out,
            tensors.output(DType.F32, c.tokens(), c.heads()),
            tensors.of(c.queries(), c.tokens(), width),
            tensors.of(c.keysValues(), keyRows.tokens(), c.keyWidth()),
            tensors.rows(c.lengths()),
            keyRows,
            c.spec());
    return tensors.read(out);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.CrossCase#cases")
  void crossAttentionCached_rowAloneAndReversed_hasTheBitsItHasInABatch(CrossCase c) {
    PagedCache cache = filled(c, 1000);
    int width = c.spec().outputSize();
    float[] batch = attend(c, cache, allRows(c));
    Closeness.assertSameBits("again", attend(c, cache, allRows(c)), batch);
    for (int r = 0; r < c.lengths().length; r++) {
      Closeness.assertSameBits(
          "row " + r, attend(c, cache, r), TestValues.part(batch, c.offsets(), r, width));
    }
    int rows = c.lengths().length;
    int[] reversed = IntStream.range(0, rows).map(r -> rows - 1 - r).toArray();
    Closeness.assertSameBits(
        "reversed",
        attend(c, cache, reversed),
        TestValues.parts(batch, c.offsets(), width, reversed));
  }

  /** As a decoder's steps have it: one query of each row, and some rows of the same keys. */
  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.CrossCase#cases")
  void crossAttentionCached_oneQueryARow_hasTheBitsOfAll(CrossCase c) {
    PagedCache cache = filled(c, 1000);
    int width = c.spec().outputSize();
    float[] batch = attend(c, cache, allRows(c));
    int[] slots =
        allRows(c)
            .flatMap(r -> IntStream.generate(() -> cache.slot(r)).limit(c.lengths()[r]))
            .toArray();
    int[] ones = new int[c.tokens()];
    Arrays.fill(ones, 1);
    Tensor out = tensors.output(DType.F32, c.tokens(), width);
    backend
        .attention()
        .crossAttentionCached(
            out,
            tensors.of(c.queries(), c.tokens(), width),
            cache.pages(),
            tensors.of(slots),
            tensors.rows(ones),
            c.spec());
    Closeness.assertSameBits("one by one", tensors.read(out), batch);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.CrossCase#cases")
  void appendKeys_inSteps_putsThemWhereTheyWerePlaced(CrossCase c) {
    PagedCache cache = filled(c, 7);
    float[] keys = tensors.read(cache.pages().keys());
    float[] values = tensors.read(cache.pages().values());
    int half = c.spec().cacheSize();
    int[] offsets = c.keyOffsets();
    float[] rounded =
        tensors.read(
            tensors.stored(cacheType(), c.keysValues(), offsets[offsets.length - 1], 2L * half));
    for (int r = 0; r < c.keyLengths().length; r++) {
      for (int t = 0; t < c.keyLengths()[r]; t++) {
        int stored = cache.index(r, t);
        int token = (offsets[r] + t) * 2 * half;
        String what = "row %d, token %d".formatted(r, t);
        Closeness.assertSameBits(
            "keys of " + what,
            Arrays.copyOfRange(keys, stored, stored + half),
            Arrays.copyOfRange(rounded, token, token + half));
        Closeness.assertSameBits(
            "values of " + what,
            Arrays.copyOfRange(values, stored, stored + half),
            Arrays.copyOfRange(rounded, token + half, token + 2 * half));
      }
    }
    assertThat(Arrays.copyOf(keys, PAGE_TOKENS * half))
        .as("a page of no row")
        .containsOnly(Float.NaN);
    Closeness.assertSameBits(
        "out", attend(c, cache, allRows(c)), attend(c, filled(c, 1000), allRows(c)));
  }

  @Test
  void crossAttentionCached_recorded_readsLengthsAnew() {
    CrossCase c = CrossCase.small();
    PagedCache cache = filled(c, 1000);
    int width = c.spec().outputSize();
    Tensor out = tensors.output(DType.F32, c.tokens(), width);
    Tensor queries = tensors.of(c.queries(), c.tokens(), width);
    PackedRows rows = tensors.rows(c.lengths());
    Tensor slots = slots(cache, allRows(c).toArray());
    float[] all = attend(c, cache, allRows(c));
    int[] lengths = tensors.readInts(cache.pages().lengths());
    int[] shorter = lengths.clone();
    shorter[cache.slot(1)] = 1;
    backend.transfers().upload(cache.pages().lengths(), shorter);
    float[] less = attend(c, cache, allRows(c));
    assertThat(less).isNotEqualTo(all);
    try (Recording recording =
        backend.record(
            () ->
                backend
                    .attention()
                    .crossAttentionCached(out, queries, cache.pages(), slots, rows, c.spec()))) {
      for (int run = 0; run < 4; run++) {
        boolean whole = run % 2 == 0;
        backend.transfers().upload(cache.pages().lengths(), whole ? lengths : shorter);
        recording.run();
        Closeness.assertSameBits("run " + run, tensors.read(out), whole ? all : less);
      }
    }
  }

  @Test
  void crossAttentionCached_slotOutside_throwsNamingIt() {
    CrossCase c = CrossCase.small();
    PagedCache cache = filled(c, 1000);
    for (int slot : new int[] {-1, 3}) {
      assertFoundInValues(() -> attend(c, cache, tensors.of(cache.slot(0), slot)))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("crossAttentionCached: expected slots in [0, 3), got " + slot)
          .hasMessageContaining("row 1");
    }
    assertThat(attend(c, cache, allRows(c))).isNotEmpty();
  }

  @Test
  void crossAttentionCached_emptySlot_throwsNamingIt() {
    CrossCase c = CrossCase.small();
    PagedCache cache = filled(c, 1000);
    assertFoundInValues(() -> attend(c, cache, tensors.of(cache.slot(0), cache.unusedSlot())))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("crossAttentionCached: expected keys in slot 0, found none");
  }

  @Test
  void crossAttentionCached_moreTokensThanPages_throwsNamingTheSlot() {
    CrossCase c = CrossCase.small();
    PagedCache cache = filled(c, 1000);
    int[] lengths = tensors.readInts(cache.pages().lengths());
    lengths[cache.slot(0)] = PAGE_TOKENS + 1;
    backend.transfers().upload(cache.pages().lengths(), lengths);
    assertFoundInValues(() -> attend(c, cache, allRows(c)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("crossAttentionCached: expected room for 17 tokens")
        .hasMessageContaining("slot " + cache.slot(0));
  }

  @Test
  void crossAttentionCached_pageOutside_throwsNamingTheSlot() {
    CrossCase c = CrossCase.small();
    PagedCache cache = filled(c, 1000);
    int[] table = tensors.readInts(cache.pages().pageTable());
    table[cache.slot(1)] = 99; // a slot has one page
    backend.transfers().upload(cache.pages().pageTable(), table);
    assertFoundInValues(() -> attend(c, cache, allRows(c)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("crossAttentionCached: expected pages in [0, 4)")
        .hasMessageContaining("slot " + cache.slot(1))
        .hasMessageContaining("99");
  }

  @Test
  void crossAttentionCached_typeNotDeclared_throws() {
    CrossCase c = CrossCase.small();
    for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      if (type != cacheType()) {
        PagedCache cache = PagedCache.in(tensors, type, c.keyLengths(), PAGE_TOKENS, c.spec());
        assertThatThrownBy(() -> attend(c, cache, allRows(c)))
            .isInstanceOf(UnsupportedOpException.class)
            .hasMessageContaining("expected a KV cache of " + cacheType());
        assertThatThrownBy(() -> append(c, cache, 1000))
            .isInstanceOf(UnsupportedOpException.class)
            .hasMessageContaining("expected a KV cache of " + cacheType());
      }
    }
  }

  @Test
  void crossAttentionCached_wrongShapes_throwNamingTheTensor() {
    CrossCase c = CrossCase.small();
    PagedCache cache = filled(c, 1000);
    assertShape(() -> attend(c, cache, tensors.of(1)), "slots");
    Tensor wrong = tensors.output(DType.F32, 5, 11);
    Tensor right = tensors.output(DType.F32, 5, 12);
    Tensor slots = slots(cache, 0, 1);
    PackedRows rows = tensors.rows(c.lengths());
    assertShape(
        () ->
            backend
                .attention()
                .crossAttentionCached(right, wrong, cache.pages(), slots, rows, c.spec()),
        "queries");
    NewTokens tokens = newTokens(rows, slots);
    assertShape(
        () -> backend.attention().appendKeys(cache.pages(), wrong, tokens, c.spec()), "keysValues");
  }

  private DType cacheType() {
    return backend.capabilities().cacheType();
  }

  private static IntStream allRows(CrossCase c) {
    return IntStream.range(0, c.lengths().length);
  }

  private Tensor slots(PagedCache cache, int... rows) {
    return tensors.of(Arrays.stream(rows).map(cache::slot).toArray());
  }

  private NewTokens newTokens(PackedRows rows, Tensor slots) {
    return new NewTokens(
        rows,
        slots,
        tensors.output(DType.I32, rows.tokens()),
        tensors.output(DType.F32, rows.tokens(), 0));
  }

  /** A cache of the keys and values of a case, which came so many at a time. */
  private PagedCache filled(CrossCase c, int step) {
    PagedCache cache = PagedCache.in(tensors, cacheType(), c.keyLengths(), PAGE_TOKENS, c.spec());
    append(c, cache, step);
    return cache;
  }

  private void append(CrossCase c, PagedCache cache, int step) {
    int longest = Arrays.stream(c.keyLengths()).max().orElseThrow();
    for (int done = 0; done < longest; done += step) {
      int from = done;
      int[] rows = allRows(c).filter(r -> c.keyLengths()[r] > from).toArray();
      int[] counts =
          Arrays.stream(rows).map(r -> Math.min(step, c.keyLengths()[r] - from)).toArray();
      PackedRows packed = tensors.rows(counts);
      float[] input = new float[packed.tokens() * c.keyWidth()];
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(
            c.keysValues(),
            (c.keyOffsets()[rows[i]] + from) * c.keyWidth(),
            input,
            packed.start(i) * c.keyWidth(),
            counts[i] * c.keyWidth());
      }
      NewTokens tokens = newTokens(packed, slots(cache, rows));
      backend.attention().placeTokens(tokens, cache.pages(), c.spec());
      backend
          .attention()
          .appendKeys(
              cache.pages(), tensors.of(input, packed.tokens(), c.keyWidth()), tokens, c.spec());
      backend.attention().advance(cache.pages().lengths(), tokens.slots(), packed);
    }
  }

  private float[] attend(CrossCase c, PagedCache cache, IntStream rows) {
    return attend(c, cache, rows.toArray());
  }

  /** Of some rows of a case, in their order. */
  private float[] attend(CrossCase c, PagedCache cache, int... rows) {
    return attend(c, cache, slots(cache, rows), rows);
  }

  private float[] attend(CrossCase c, PagedCache cache, Tensor slots) {
    return attend(c, cache, slots, allRows(c).toArray());
  }

  private float[] attend(CrossCase c, PagedCache cache, Tensor slots, int... rows) {
    int width = c.spec().outputSize();
    PackedRows packed = tensors.rows(Arrays.stream(rows).map(r -> c.lengths()[r]).toArray());
    Tensor out = tensors.output(DType.F32, packed.tokens(), width);
    backend
        .attention()
        .crossAttentionCached(
            out,
            tensors.of(
                TestValues.parts(c.queries(), c.offsets(), width, rows), packed.tokens(), width),
            cache.pages(),
            slots,
            packed,
            c.spec());
    return tensors.read(out);
  }
}
