package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.Span;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The arenas one run of a model works in: inputs, what is kept, scratch. Reset between passes,
 * closed by whoever opened it.
 */
public final class PassMemory implements AutoCloseable {

  private final Backend backend;
  private final Arena batch;
  private final Arena kept;
  private final Arena scratch;
  private final String use;
  private final PassBytes bytes;
  private final List<Arena> caches = new ArrayList<>();

  /**
   * Opens arenas that grow.
   *
   * @param use for the memory table, for example {@code "update"}
   */
  public PassMemory(Backend backend, String use) {
    this(backend, use, PassBytes.UNKNOWN);
  }

  /** Opens arenas of known sizes, which grow if these do not do. */
  public PassMemory(Backend backend, String use, PassBytes bytes) {
    this.backend = backend;
    this.use = use;
    this.bytes = bytes;
    this.batch = backend.budget().open(use + " batch", Purpose.BATCH, bytes.batch());
    this.kept = backend.budget().open(use + " residual stream", Purpose.CHECKPOINTED, bytes.kept());
    this.scratch = backend.budget().open(use + " block", Purpose.ACTIVATION, bytes.scratch());
  }

  /** Bytes of a KV cache that were planned; 0 if it takes what it needs. */
  long plannedCacheBytes() {
    return bytes.cache();
  }

  /** Opens the arena of a generation's KV cache; the caller closes it when all rows have ended. */
  Arena openCache() {
    Arena cache = backend.budget().open(use + " kv-cache", Purpose.KV_CACHE, bytes.cache());
    caches.add(cache);
    return cache;
  }

  /** The most that was handed out of each arena so far: what one piece of it must have. */
  public PassBytes peakBytes() {
    return new PassBytes(
        batch.peakBytes(),
        kept.peakBytes(),
        scratch.peakBytes(),
        caches.stream().mapToLong(Arena::peakBytes).max().orElse(0));
  }

  /** Arena of ids, positions and other inputs. */
  public Arena batch() {
    return batch;
  }

  /** Arena of what stays until a pass is done. */
  public Arena kept() {
    return kept;
  }

  /** Arena of what lives within a block. */
  public Arena scratch() {
    return scratch;
  }

  /** Forgets the pass before. */
  public void reset() {
    batch.reset();
    kept.reset();
    scratch.reset();
  }

  /** Puts rows on the device, the same adapters acting on all of them. */
  public TokenBatch upload(TokenRows rows, Set<String> adapters) {
    return upload(rows, List.of(rows.rows()), List.of(adapters));
  }

  /** Puts a model's rows on the device, the same adapters acting on all of them. */
  public TokenBatch upload(ModelRows rows, Set<String> adapters) {
    return upload(rows, List.of(rows.tokens().rows()), List.of(adapters));
  }

  /** As below, with what an encoder reads: a row's adapters act on that too. */
  TokenBatch upload(ModelRows rows, List<Integer> counts, List<Set<String>> adapters) {
    TokenBatch batch = upload(rows.tokens(), counts, adapters);
    return rows.source()
        .map(source -> batch.withSource(upload(source, counts, adapters)))
        .orElse(batch);
  }

  /**
   * Puts rows on the device.
   *
   * @param counts how many rows each run has
   * @param adapters which adapters act on each run
   */
  public TokenBatch upload(TokenRows rows, List<Integer> counts, List<Set<String>> adapters) {
    int[] positions = new int[rows.tokens()];
    for (int r = 0; r < rows.rows(); r++) {
      for (int t = rows.offsets()[r]; t < rows.offsets()[r + 1]; t++) {
        positions[t] = t - rows.offsets()[r];
      }
    }
    List<Span> spans = new ArrayList<>();
    int row = 0;
    for (int i = 0; i < counts.size(); i++) {
      TokenRows part = rows.slice(row, row + counts.get(i));
      spans.add(new Span(rows.offsets()[row], packed(part.offsets()), adapters.get(i)));
      row += counts.get(i);
    }
    return new TokenBatch(ints(rows.ids()), ints(positions), packed(rows.offsets()), spans);
  }

  /** Puts row offsets on the device. */
  public PackedRows packed(int[] offsets) {
    return new PackedRows(offsets, ints(offsets));
  }

  /** Puts ints on the device, [n] I32. */
  public Tensor ints(int[] values) {
    Tensor tensor = Tensor.in(batch, DType.I32, values.length);
    backend.transfers().upload(tensor, values);
    return tensor;
  }

  /** Puts floats on the device, [n] F32. */
  public Tensor floats(float[] values) {
    Tensor tensor = Tensor.in(batch, DType.F32, values.length);
    backend.transfers().upload(tensor, values);
    return tensor;
  }

  @Override
  public void close() {
    batch.close();
    kept.close();
    scratch.close();
  }
}
