package dev.cantilever.backend.cuda;

import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Disentangled attention in fp32, a block for a tile of tokens of one row and one head. Tiles begin
 * at the row's first token, so that a row's neighbours change nothing.
 */
final class DisentangledAttention {

  private static final String FILE = "attention_disentangled.cu";

  /** Heads are no larger: the tiles of distances would not fit the memory of a block. */
  private static final int LARGEST_HEAD = 128;

  /** The numbers of {@code attention_disentangled.cu} and {@code attention_tiles.cuh}. */
  private static final int TILE = 32;

  private static final int KEYS = 32;
  private static final int PADDING = 4;

  private static final int ABSENT = -1;

  private final Execution execution;

  DisentangledAttention(Execution execution) {
    this.execution = execution;
  }

  void attend(
      Tensor out,
      Tensor qkv,
      Tensor positions,
      Tensor places,
      PackedRows rows,
      DisentangledSpec spec) {
    int width = width(spec.headSize());
    CudaEmbeddingOps.checkIndices(execution, "disentangledAttention", places, positions.size(0));
    int perRow = Grids.blocks(CudaAttentionOps.longest(rows), TILE);
    execution
        .kernels()
        .kernel(source(width), "disentangled_attention")
        .with()
        .pointer(out)
        .pointer(qkv)
        .pointer(rows.deviceOffsets())
        .integer(perRow)
        .integer(spec.heads())
        .integer(spec.headSize())
        .real(spec.scale())
        .pointer(positions)
        .pointer(places)
        .integer(positions.size(1))
        .integer(spec.positionKeys().orElse(ABSENT))
        .integer(spec.positionQueries().orElse(ABSENT))
        .integer(places.size(0) / 2)
        .pointer(execution.faults().word())
        .run(
            CudaAttentionOps.blocks(rows, perRow),
            spec.heads(),
            1,
            HeadTiles.THREADS,
            sharedBytes(width));
  }

  private static int width(int headSize) {
    return widths()
        .filter(width -> headSize <= width)
        .findFirst()
        .orElseThrow(
            () ->
                new UnsupportedOpException(
                    "disentangledAttention: expected heads of at most %d dimensions, found %d. Use --backend cpu for this model."
                        .formatted(LARGEST_HEAD, headSize)));
  }

  private static IntStream widths() {
    return HeadTiles.all().stream()
        .filter(tiles -> !tiles.changedScores())
        .mapToInt(HeadTiles::width)
        .filter(width -> width <= LARGEST_HEAD);
  }

  /** Queries, keys or values, vectors of distances, weights. */
  private static int sharedBytes(int width) {
    int tokens = TILE + KEYS + (TILE + KEYS);
    return Float.BYTES * (tokens * (width + PADDING) + TILE * (KEYS + PADDING));
  }

  private static KernelSource source(int width) {
    return KernelSource.of(DisentangledAttention.class, FILE, List.of("HEAD=" + width));
  }

  static List<KernelSource> sources() {
    return widths().mapToObj(DisentangledAttention::source).toList();
  }
}
