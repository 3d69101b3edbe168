package dev.cantilever.backend.cuda;

import dev.cantilever.OpsException;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/**
 * Attention of rows to other rows in fp32: without a cache a block for a tile of tokens of one row
 * and one head, over a cache a warp for a query and a head, whose arithmetic is the same, key by
 * key. So a row's result depends neither on its neighbours nor on how many of its queries come at
 * once, and a cache of F32 changes no bit of it.
 */
final class CrossAttention {

  private static final int WARP_THREADS = 32;

  private final Execution execution;

  CrossAttention(Execution execution) {
    this.execution = execution;
  }

  /** See {@link dev.cantilever.backend.AttentionOps#crossAttention}. */
  void attend(
      Tensor out,
      Tensor lse,
      Tensor queries,
      Tensor keysValues,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec) {
    HeadTiles tiles = HeadTiles.of(spec);
    int perRow = Grids.blocks(CudaAttentionOps.longest(rows), tiles.queries());
    LaunchBuffer launch =
        kernel(tiles.cross(), "cross_attention")
            .pointer(out)
            .pointer(lse)
            .pointer(queries)
            .pointer(keysValues)
            .pointer(rows.deviceOffsets())
            .pointer(keyRows.deviceOffsets())
            .integer(perRow);
    HeadTiles.apart(launch, spec, spec.outputSize())
        .run(
            CudaAttentionOps.blocks(rows, perRow),
            spec.heads(),
            1,
            HeadTiles.THREADS,
            tiles.forwardBytes());
  }

  /** See {@link dev.cantilever.backend.AttentionOps#crossAttentionBackward}. */
  void backward(
      Tensor dQueries,
      Tensor dKeysValues,
      Tensor dOut,
      Tensor queries,
      Tensor keysValues,
      Tensor out,
      Tensor lse,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec) {
    HeadTiles tiles = HeadTiles.of(spec);
    Arena.Mark mark = execution.workspace().mark();
    try {
      long delta =
          execution.workspace().allocate((long) Float.BYTES * rows.tokens() * spec.heads());
      int perRow = Grids.blocks(CudaAttentionOps.longest(rows), tiles.tokens());
      LaunchBuffer ofQueries =
          kernel(tiles.cross(), "cross_query_gradient")
              .pointer(dQueries)
              .pointer(delta)
              .pointer(dOut)
              .pointer(queries)
              .pointer(keysValues)
              .pointer(out)
              .pointer(lse)
              .pointer(rows.deviceOffsets())
              .pointer(keyRows.deviceOffsets())
              .integer(perRow);
      HeadTiles.apart(ofQueries, spec, spec.outputSize())
          .run(
              CudaAttentionOps.blocks(rows, perRow),
              spec.heads(),
              1,
              HeadTiles.THREADS,
              tiles.backwardBytes(1));
      int perKeyRow = Grids.blocks(CudaAttentionOps.longest(keyRows), tiles.tokens());
      LaunchBuffer ofKeys =
          kernel(tiles.cross(), "cross_key_gradient")
              .pointer(dKeysValues)
              .pointer(delta)
              .pointer(dOut)
              .pointer(queries)
              .pointer(keysValues)
              .pointer(lse)
              .pointer(rows.deviceOffsets())
              .pointer(keyRows.deviceOffsets())
              .integer(perKeyRow);
      HeadTiles.apart(ofKeys, spec, spec.outputSize())
          .run(
              CudaAttentionOps.blocks(keyRows, perKeyRow),
              spec.kvHeads(),
              1,
              HeadTiles.THREADS,
              tiles.backwardBytes(2));
    } finally {
      execution.workspace().reset(mark);
    }
  }

  /** See {@link dev.cantilever.backend.AttentionOps#crossAttentionCached}. */
  void attendCached(
      Tensor out,
      Tensor queries,
      KvPages cache,
      Tensor slots,
      PackedRows rows,
      AttentionSpec spec) {
    HeadTiles tiles = HeadTiles.of(spec);
    DType storage = cache.keys().dtype();
    int longest = CudaAttentionOps.longest(rows);
    int vectors = Math.multiplyExact(Math.multiplyExact(rows.rows(), longest), spec.heads());
    int warps = tiles.decodeWarps(storage);
    RoundedRows.Place rounded = execution.roundedRows().place(out);
    LaunchBuffer launch =
        kernel(tiles.crossCached(storage), "cross_attention_cached")
            .pointer(out)
            .pointer(queries)
            .pointer(cache.keys())
            .pointer(cache.values())
            .pointer(slots)
            .pointer(cache.lengths())
            .pointer(cache.pageTable())
            .integer(cache.pageTable().size(0))
            .integer(cache.pageTable().size(1))
            .integer(cache.pageTokens())
            .integer(cache.keys().size(0))
            .pointer(rows.deviceOffsets())
            .integer(longest)
            .integer(vectors)
            .pointer(execution.faults().word())
            .integer(expect(cache))
            .pointer(rounded.address())
            .integer(rounded.groups());
    HeadTiles.apart(launch, spec, spec.outputSize())
        .run(Grids.blocks(vectors, warps), 1, 1, warps * WARP_THREADS, tiles.decodeBytes(storage));
    execution.roundedRows().written(out, rounded);
  }

  /** The number of a call that looks at slots, which its faults have. */
  private int expect(KvPages cache) {
    int slotCount = cache.pageTable().size(0);
    int maxPages = cache.pageTable().size(1);
    int pages = cache.keys().size(0);
    int pageTokens = cache.pageTokens();
    return execution
        .faults()
        .expect(
            (where, value) -> {
              String op = "crossAttentionCached";
              int index = CachedAttention.index(where);
              return switch (CachedAttention.kind(where)) {
                case 0 -> wrongSlot(op, slotCount, value, index);
                case 1 ->
                    value == 0
                        ? emptySlot(op, index)
                        : CachedAttention.noRoom(op, value, index, maxPages, pageTokens);
                default -> CachedAttention.wrongPage(op, value, index, pages);
              };
            });
  }

  private static OpsException wrongSlot(String op, int slotCount, int slot, int row) {
    return new ShapeException(
        "%s: expected slots in [0, %d), got %d for row %d. Give every row a slot of the cache."
            .formatted(op, slotCount, slot, row));
  }

  private static OpsException emptySlot(String op, int slot) {
    return new ShapeException(
        "%s: expected keys in slot %d, found none. Append them and advance its length before."
            .formatted(op, slot));
  }

  private LaunchBuffer kernel(KernelSource source, String name) {
    return execution.kernels().kernel(source, name).with();
  }

  static List<KernelSource> sources() {
    return HeadTiles.all().stream()
        .filter(tiles -> !tiles.changedScores())
        .flatMap(
            tiles ->
                Stream.of(
                    tiles.cross(), tiles.crossCached(DType.F32), tiles.crossCached(DType.BF16)))
        .toList();
  }
}
