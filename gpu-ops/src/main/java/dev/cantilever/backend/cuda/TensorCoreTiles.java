package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.cuda.driver.KernelSource;
import java.util.List;
import java.util.stream.Stream;

/**
 * The tiles of {@code attention_bf16.cu} and {@code attention_gradient_bf16.cu} for one size of
 * heads, and the sources compiled for them.
 *
 * @param heads of what size the heads are and how their scores come about, as for tiles in fp32
 */
record TensorCoreTiles(HeadTiles heads) {

  private static final int LARGE = 128;
  private static final int WARP = 32;

  /** Bytes of an element in a tile. */
  private static final int ELEMENT = 2;

  /** Elements behind a token, or a row of factors. */
  private static final int PADDING = 8;

  /** Tokens of one step of the tensor cores. */
  private static final int STEP = 16;

  /** The tiles for a spec's heads. */
  static TensorCoreTiles of(AttentionSpec spec) {
    return new TensorCoreTiles(HeadTiles.of(spec));
  }

  /** Queries of a block going forward. */
  int queries() {
    return heads.width() > LARGE ? 64 : 128;
  }

  private int keys() {
    return heads.width() > LARGE ? 32 : 64;
  }

  /** A warp for each step of queries. */
  int forwardThreads() {
    return queries() / STEP * WARP;
  }

  /**
   * Shared memory going forward: queries, keys, values, what is added to the scores of a key, and
   * of a distance.
   */
  int forwardBytes() {
    return ELEMENT * (queries() + 2 * keys()) * pitch()
        + Float.BYTES * (keys() + distances(queries() + keys()));
  }

  /** Numbers of distances that there are in a tile, if they count. */
  private int distances(int tokens) {
    return heads.changedScores() ? tokens : 0;
  }

  private int tokens() {
    return heads.width() > LARGE ? 32 : 64;
  }

  /** Two warps for each step of tokens. */
  int backwardThreads() {
    return 2 * tokens() / STEP * WARP;
  }

  /**
   * Shared memory going backward: queries, gradients of outputs, keys, values; probabilities and
   * gradients of scores; two numbers a query; what is added to the scores of a distance.
   */
  int backwardBytes() {
    return ELEMENT * (4 * tokens() * pitch() + 2 * tokens() * (tokens() + PADDING))
        + Float.BYTES * (2 * tokens() + distances(2 * tokens()));
  }

  private int pitch() {
    return heads.width() + PADDING;
  }

  KernelSource forward() {
    return source("attention_bf16.cu");
  }

  KernelSource backward() {
    return source("attention_gradient_bf16.cu");
  }

  private KernelSource source(String file) {
    return KernelSource.of(TensorCoreTiles.class, file, heads.definitions());
  }

  /** The sources of all sizes. */
  static List<KernelSource> sources() {
    return HeadTiles.all().stream()
        .map(TensorCoreTiles::new)
        .flatMap(tiles -> Stream.of(tiles.forward(), tiles.backward()))
        .toList();
  }
}
