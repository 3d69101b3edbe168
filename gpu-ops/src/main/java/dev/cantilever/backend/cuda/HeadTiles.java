package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.DistanceBias;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The tiles that attention in fp32 works in for one size of heads: the numbers of {@code
 * attention_tiles.cuh} and of the kernels that use it, and the sources compiled for them.
 *
 * @param width dimensions of a token in a tile: the head size rounded up, zeros behind it
 * @param changedScores whether scores are not plain ones: compiled for all that a {@link ScoreSpec}
 *     may say, so that what says nothing has none of it
 */
record HeadTiles(int width, boolean changedScores) {

  /** Threads of a block. */
  static final int THREADS = 128;

  /** Queries of a block of {@code attention_few.cu}, which is one warp. */
  static final int FEW_QUERIES = 8;

  static final int FEW_THREADS = 32;

  private static final int[] WIDTHS = {64, 96, 128, 256};
  private static final int LARGE = 128;

  /** Of {@code Heads}. */
  private static final int SLOPES = 128;

  private static final int KEYS = 32;
  private static final int PADDING = 4;

  /**
   * Warps of a block of decoding; one alone where its tiles take more than {@code
   * LARGE_WARP_BYTES}.
   */
  private static final int DECODE_WARPS = 2;

  private static final int LARGE_WARP_BYTES = 48 << 10;
  private static final int PIECE_BYTES = 16;

  /**
   * The tiles for a spec's heads.
   *
   * @throws UnsupportedOpException if the heads are larger than any tile
   */
  static HeadTiles of(AttentionSpec spec) {
    for (int width : WIDTHS) {
      if (spec.headSize() <= width) {
        return new HeadTiles(width, changesScores(spec));
      }
    }
    throw new UnsupportedOpException(
        "Expected heads of at most %d dimensions, found %d. Use --backend cpu for this model."
            .formatted(WIDTHS[WIDTHS.length - 1], spec.headSize()));
  }

  /** The tiles of all sizes, with plain scores and with changed ones. */
  static List<HeadTiles> all() {
    return Arrays.stream(WIDTHS)
        .boxed()
        .flatMap(width -> Stream.of(new HeadTiles(width, false), new HeadTiles(width, true)))
        .toList();
  }

  private static boolean changesScores(AttentionSpec spec) {
    return !spec.scores().equals(ScoreSpec.PLAIN);
  }

  /** Queries of a block going forward. */
  int queries() {
    return width > LARGE ? 32 : 64;
  }

  /** Queries, or keys, of a block going backward. */
  int tokens() {
    return width > LARGE ? 16 : 32;
  }

  /** Shared memory going forward: queries, keys or values, weights. */
  int forwardBytes() {
    return Float.BYTES * ((queries() + KEYS) * stride() + queries() * (KEYS + PADDING));
  }

  /**
   * Shared memory going backward: two tiles of a block's own tokens, two of others.
   *
   * @param products factors of one tile by another that are kept: 1 for dQ, 2 for dK and dV
   */
  int backwardBytes(int products) {
    return Float.BYTES * (4 * tokens() * stride() + products * tokens() * (tokens() + PADDING));
  }

  private int stride() {
    return width + PADDING;
  }

  /** Attention without a cache. */
  KernelSource uncached() {
    return source("attention.cu", definitions());
  }

  /** Attention over a cache of F32 or BF16. */
  KernelSource cached(DType storage) {
    return source("attention_cached.cu", definitions(storage));
  }

  /** The same of rows of few new tokens, which are cached already. */
  KernelSource few(DType storage) {
    return source("attention_few.cu", definitions(storage));
  }

  /** Attention of rows to other rows without a cache. */
  KernelSource cross() {
    return source("attention_cross.cu", definitions());
  }

  /** The same over a cache of F32 or BF16. */
  KernelSource crossCached(DType storage) {
    return source("attention_cross_cached.cu", definitions(storage));
  }

  private List<String> definitions(DType storage) {
    List<String> definitions = definitions();
    if (storage == DType.BF16) {
      definitions.add("BFLOAT=1");
    }
    return definitions;
  }

  /** What every kernel on these tiles is compiled with. */
  List<String> definitions() {
    List<String> definitions = new ArrayList<>(List.of("HEAD=" + width));
    if (changedScores) {
      definitions.add("SCORES=1");
    }
    return definitions;
  }

  /** Warps of a block of decoding, with a row and head each. */
  int decodeWarps(DType storage) {
    return warpBytes(storage) > LARGE_WARP_BYTES ? 1 : DECODE_WARPS;
  }

  /** Shared memory of decoding. */
  int decodeBytes(DType storage) {
    return decodeWarps(storage) * warpBytes(storage);
  }

  /**
   * The {@code DecodeTiles} of {@code attention_cached.cu}: keys and values as the cache has them,
   * each key longer so that threads with a key each do not collide; a query and weights.
   */
  private int warpBytes(DType storage) {
    return KEYS * (2 * width * storage.bytes() + PIECE_BYTES) + Float.BYTES * (width + KEYS);
  }

  private static KernelSource source(String file, List<String> definitions) {
    return KernelSource.of(HeadTiles.class, file, definitions);
  }

  /** Appends the {@code Heads} of {@code attention.cuh} to a launch that attends. */
  static LaunchBuffer attending(LaunchBuffer launch, AttentionSpec spec) {
    if (!changesScores(spec)) {
      return heads(launch, spec);
    }
    launch.pointer(spec.scores().bias().map(DistanceBias::values)); // aligns the structure too
    return scores(heads(launch, spec), spec.scores());
  }

  private static LaunchBuffer scores(LaunchBuffer launch, ScoreSpec scores) {
    if (scores.slopes().size() > SLOPES) {
      throw new UnsupportedOpException(
          "Expected at most %d heads with a slope each, found %d. Use --backend cpu for this model."
              .formatted(SLOPES, scores.slopes().size()));
    }
    launch
        .integer(scores.window())
        .real(scores.isCapped() ? scores.cap() : 0)
        .real(scores.isCapped() ? 1 / scores.cap() : 0)
        .integer(scores.slopes().size());
    for (int h = 0; h < SLOPES; h++) {
      launch.real(h < scores.slopes().size() ? scores.slopes().get(h) : 0);
    }
    return launch.integer(scores.bias().map(DistanceBias::farthest).orElse(0));
  }

  /** Appends the {@code Heads} of {@code attention.cuh} as they are without changed scores. */
  static LaunchBuffer heads(LaunchBuffer launch, AttentionSpec spec) {
    return launch
        .integer(spec.heads())
        .integer(spec.heads() / spec.kvHeads())
        .integer(spec.headSize())
        .integer(spec.projectionSize())
        .integer(spec.queryOffset(1) - spec.queryOffset(0))
        .integer(spec.keyOffset(0))
        .integer(spec.valueOffset(0))
        .integer(spec.keyOffset(1) - spec.keyOffset(0))
        .integer(spec.rotary().frequencies().size())
        .integer(spec.causal() ? 1 : 0)
        .real(spec.scale());
  }

  /**
   * Appends the {@code Heads} of {@code attention.cuh} where queries lie in a tensor, keys and
   * values in another, not rotated and all seen.
   *
   * @param width floats from one token to the next of those vectors that the kernel reads by it
   */
  static LaunchBuffer apart(LaunchBuffer launch, AttentionSpec spec, int width) {
    return launch
        .integer(spec.heads())
        .integer(spec.heads() / spec.kvHeads())
        .integer(spec.headSize())
        .integer(width)
        .integer(spec.headSize())
        .integer(0)
        .integer(spec.cacheSize())
        .integer(spec.headSize())
        .integer(0)
        .integer(0)
        .real(spec.scale());
  }

  /** Appends the {@code Rotary} of {@code attention.cuh}. */
  static LaunchBuffer rotary(LaunchBuffer launch, RotarySpec rotary) {
    launch.real64(rotary.magnitude());
    for (int j = 0; j < WIDTHS[WIDTHS.length - 1] / 2; j++) {
      launch.real64(j < rotary.frequencies().size() ? rotary.frequencies().get(j) : 0);
    }
    return launch;
  }

  /** All sources of all sizes. */
  static List<KernelSource> sources() {
    List<KernelSource> sources = new ArrayList<>();
    for (HeadTiles tiles : all()) {
      sources.add(tiles.uncached());
      for (DType storage : List.of(DType.F32, DType.BF16)) {
        sources.add(tiles.cached(storage));
        sources.add(tiles.few(storage));
      }
    }
    return sources;
  }
}
