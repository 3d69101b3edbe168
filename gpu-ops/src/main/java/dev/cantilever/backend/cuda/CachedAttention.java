package dev.cantilever.backend.cuda;

import dev.cantilever.OpsException;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Attention over a paged cache. Where new tokens go is found and checked on the device, since slots
 * and lengths are known only there; once a fault is reported, by any operation before, neither the
 * cache nor its lengths change.
 *
 * <p>Which kernel runs depends on the longest row, of all that are given together; all kernels do
 * the same arithmetic, key by key, so that a row's result does not depend on it. A cache of F32
 * gives the bits of attention without one for the same reason.
 */
final class CachedAttention {

  private static final KernelSource CACHE = KernelSource.of(CachedAttention.class, "kv_cache.cu");
  private static final int THREADS = 256;
  private static final int WARP_THREADS = 32;

  /** Elements of the cache that a thread appends. */
  private static final int QUAD = 4;

  /** New tokens of the longest row up to which all rows have few. */
  private static final int FEW = 64;

  /**
   * Above it stands which fault it is, as in {@code kv_cache.cu} and {@code
   * attention_cross_cached.cu}: slot, room or page.
   */
  private static final int KIND_SHIFT = 22;

  private final Execution execution;

  CachedAttention(Execution execution) {
    this.execution = execution;
  }

  void place(NewTokens tokens, KvPages cache, AttentionSpec spec) {
    int slotCount = cache.pageTable().size(0);
    int maxPages = cache.pageTable().size(1);
    int pages = cache.keys().size(0);
    int pageTokens = cache.pageTokens();
    int call =
        execution
            .faults()
            .expect(
                (where, value) -> {
                  String op = "placeTokens";
                  int index = index(where);
                  return switch (kind(where)) {
                    case 0 -> wrongSlot(op, slotCount, value, index);
                    case 1 -> noRoom(op, value, index, maxPages, pageTokens);
                    default -> wrongPage(op, value, index, pages);
                  };
                });
    LaunchBuffer launch =
        execution
            .kernels()
            .kernel(CACHE, "place_tokens")
            .with()
            .pointer(tokens.places())
            .pointer(tokens.turns())
            .pointer(tokens.slots())
            .pointer(tokens.rows().deviceOffsets())
            .pointer(cache.lengths())
            .pointer(cache.pageTable())
            .integer(slotCount)
            .integer(maxPages)
            .integer(pageTokens)
            .integer(pages)
            .integer(spec.rotary().frequencies().size());
    HeadTiles.rotary(launch, spec.rotary())
        .pointer(execution.faults().word())
        .integer(call)
        .run(tokens.rows().rows(), THREADS);
  }

  void attend(Tensor out, Tensor qkv, KvPages cache, NewTokens tokens, AttentionSpec spec) {
    requireType("attentionCached", cache);
    HeadTiles tiles = HeadTiles.of(spec);
    if (tokens.rows().tokens() == tokens.rows().rows()) {
      decode(out, qkv, cache, tokens, spec, tiles);
    } else {
      append(qkv, cache, tokens, spec);
      int longest = CudaAttentionOps.longest(tokens.rows());
      if (longest <= FEW) {
        few(out, qkv, cache, tokens, spec, tiles, longest);
      } else {
        prefill(out, qkv, cache, tokens, spec, tiles, longest);
      }
    }
  }

  /**
   * Refuses a cache of another type than products take.
   *
   * @param op who asks, for the message
   */
  void requireType(String op, KvPages cache) {
    if (cache.keys().dtype() != execution.matrixInputs()) {
      throw new UnsupportedOpException(
          "%s: expected a KV cache of %s, got keys %s. Allocate it with the backend's cacheType."
              .formatted(op, execution.matrixInputs(), cache.keys()));
    }
  }

  private void append(Tensor qkv, KvPages cache, NewTokens tokens, AttentionSpec spec) {
    append(HeadTiles.heads(appending(qkv, cache, tokens), spec), tokens, spec);
  }

  /** See {@link dev.cantilever.backend.AttentionOps#appendKeys}. */
  void appendKeys(KvPages cache, Tensor keysValues, NewTokens tokens, AttentionSpec spec) {
    LaunchBuffer launch = appending(keysValues, cache, tokens);
    append(HeadTiles.apart(launch, spec, 2 * spec.cacheSize()), tokens, spec);
  }

  private LaunchBuffer appending(Tensor vectors, KvPages cache, NewTokens tokens) {
    return execution
        .kernels()
        .kernel(CACHE, "append_tokens")
        .with()
        .pointer(cache.keys())
        .pointer(cache.values())
        .integer(StorageCode.of(cache.keys().dtype()))
        .pointer(vectors)
        .pointer(tokens.places())
        .pointer(tokens.turns())
        .pointer(execution.faults().word());
  }

  private static void append(LaunchBuffer launch, NewTokens tokens, AttentionSpec spec) {
    launch.run(
        tokens.rows().tokens(), Grids.blocks(spec.cacheSize(), QUAD * THREADS), 1, THREADS, 0);
  }

  /**
   * Rows of one new token each, which the kernel appends itself. Launched early it finds its way to
   * the cached tokens, four readings one after the other, while the projection is finished.
   */
  private void decode(
      Tensor out,
      Tensor qkv,
      KvPages cache,
      NewTokens tokens,
      AttentionSpec spec,
      HeadTiles tiles) {
    DType storage = cache.keys().dtype();
    int vectors = Math.multiplyExact(tokens.rows().rows(), spec.heads());
    int warps = tiles.decodeWarps(storage);
    RoundedRows.Place rounded = execution.roundedRows().place(out);
    LaunchBuffer launch =
        reading(tiles.cached(storage), "attention_decode", out, qkv, cache, tokens)
            .pointer(tokens.places())
            .integer(vectors)
            .pointer(execution.faults().word())
            .pointer(rounded.address())
            .integer(rounded.groups());
    execution.relay().last().in(HeadTiles.attending(launch, spec));
    if (execution.hopper()) {
      launch.early();
    }
    launch.run(
        Grids.blocks(vectors, warps), 1, 1, warps * WARP_THREADS, tiles.decodeBytes(storage));
    execution.roundedRows().written(out, rounded);
  }

  /** Rows whose tiles would be all but empty. */
  private void few(
      Tensor out,
      Tensor qkv,
      KvPages cache,
      NewTokens tokens,
      AttentionSpec spec,
      HeadTiles tiles,
      int longest) {
    PackedRows rows = tokens.rows();
    int perRow = Grids.blocks(longest, HeadTiles.FEW_QUERIES);
    KernelSource source = tiles.few(cache.keys().dtype());
    LaunchBuffer launch =
        reading(source, "attention_few", out, qkv, cache, tokens)
            .pointer(rows.deviceOffsets())
            .integer(perRow)
            .pointer(execution.faults().word());
    HeadTiles.attending(launch, spec);
    if (execution.hopper()) {
      launch.early();
    }
    int blocks = Math.multiplyExact(CudaAttentionOps.blocks(rows, perRow), spec.heads());
    launch.run(blocks, HeadTiles.FEW_THREADS);
  }

  private void prefill(
      Tensor out,
      Tensor qkv,
      KvPages cache,
      NewTokens tokens,
      AttentionSpec spec,
      HeadTiles tiles,
      int longest) {
    PackedRows rows = tokens.rows();
    int perRow = Grids.blocks(longest, tiles.queries());
    KernelSource source = tiles.cached(cache.keys().dtype());
    LaunchBuffer launch =
        reading(source, "attention_prefill", out, qkv, cache, tokens)
            .pointer(rows.deviceOffsets())
            .integer(perRow)
            .pointer(execution.faults().word());
    HeadTiles.attending(launch, spec)
        .run(
            CudaAttentionOps.blocks(rows, perRow),
            spec.heads(),
            1,
            HeadTiles.THREADS,
            tiles.forwardBytes());
  }

  private LaunchBuffer reading(
      KernelSource source, String name, Tensor out, Tensor qkv, KvPages cache, NewTokens tokens) {
    return execution
        .kernels()
        .kernel(source, name)
        .with()
        .pointer(out)
        .pointer(qkv)
        .pointer(tokens.turns())
        .pointer(cache.keys())
        .pointer(cache.values())
        .pointer(tokens.slots())
        .pointer(cache.lengths())
        .pointer(cache.pageTable())
        .integer(cache.pageTable().size(1))
        .integer(cache.pageTokens());
  }

  void advance(Tensor lengths, Tensor slots, PackedRows rows) {
    int slotCount = lengths.size(0);
    int call = execution.faults().expect((row, slot) -> wrongSlot("advance", slotCount, slot, row));
    execution
        .kernels()
        .kernel(CACHE, "advance")
        .with()
        .pointer(lengths)
        .pointer(slots)
        .pointer(rows.deviceOffsets())
        .integer(rows.rows())
        .integer(slotCount)
        .pointer(execution.faults().word())
        .integer(call)
        .run(1, THREADS);
  }

  /** Which kind of fault a place is reported with. */
  static int kind(int where) {
    return where >>> KIND_SHIFT;
  }

  /** The row or slot that it is of. */
  static int index(int where) {
    return where & (1 << KIND_SHIFT) - 1;
  }

  private static OpsException wrongSlot(String op, int slotCount, int slot, int row) {
    return new ShapeException(
        "%s: expected different slots in [0, %d), got %d for row %d, outside or for a second time. Give every row a slot of its own."
            .formatted(op, slotCount, slot, row));
  }

  static OpsException noRoom(String op, int tokens, int slot, int maxPages, int pageTokens) {
    return new ShapeException(
        "%s: expected room for %d tokens in slot %d, but a slot has %d pages of %d tokens. Give the cache more pages or end the row."
            .formatted(op, tokens, slot, maxPages, pageTokens));
  }

  static OpsException wrongPage(String op, int page, int slot, int pages) {
    return new ShapeException(
        "%s: expected pages in [0, %d) in slot %d, got %d. Fill the page table before the step."
            .formatted(op, pages, slot, page));
  }

  static List<KernelSource> sources() {
    return List.of(CACHE);
  }
}
