package dev.cantilever.model;

import dev.cantilever.autograd.Tape;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Recording;
import dev.cantilever.nn.CachedRows;
import dev.cantilever.nn.KvCache;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.Span;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * A wave's active rows through the model and the draw of their next tokens, as long as these are as
 * many rows of as many tokens: so decoding steps are runs of one {@link Recording} until a row
 * ends. One copy brings to the device what a run reads, one brings back what it drew.
 *
 * <p>It has the pass's memory to itself until it is closed, and belongs to one wave: model,
 * adapters, cache and law of the draw are the same in every run.
 */
final class GenerationStep implements AutoCloseable {

  private final Backend backend;
  private final CausalLm model;
  private final PassMemory memory;
  private final GenerationSpec spec;
  private final PackedRows rows;
  private final Tensor inputs; // [6B + 2N + 1] I32, of which those below are parts
  private final Tensor queryIds; // [B] I64
  private final TokenBatch batch;
  private final Tensor responsePositions; // [B] I32
  private final CachedRows cached;
  private final Tensor last; // [B] I32, each row's last token
  private final Tensor drawn; // [2B] I32: tokens, then the bits of their log-probabilities
  private final Recording recording;

  /**
   * Takes over the memory for rows of the lengths that a wave feeds now.
   *
   * @param memory reset first
   */
  GenerationStep(
      Backend backend,
      CausalLm model,
      PassMemory memory,
      KvCache cache,
      GenerationSpec spec,
      GenerationWave wave) {
    this.backend = backend;
    this.model = model;
    this.memory = memory;
    this.spec = spec;
    memory.reset();
    TokenRows fed = wave.nextTokens();
    int b = fed.rows();
    int n = fed.tokens();
    inputs = Tensor.in(memory.batch(), DType.I32, 6L * b + 2L * n + 1);
    queryIds = Tensor.at(inputs.address(), DType.I64, Shape.of(b));
    Tensor tokens = inputs.slice(2L * b, 2L * (b + n)); // ids, then positions
    Tensor ofRows = inputs.slice(2L * (b + n), inputs.dim(0));
    responsePositions = ofRows.slice(0, b);
    last = ofRows.slice(2L * b, 3L * b);
    rows = new PackedRows(fed.offsets(), ofRows.slice(3L * b, 4L * b + 1));
    cached = cache.newTokens(rows, ofRows.slice(b, 2L * b), memory.batch());
    batch =
        new TokenBatch(
            tokens.slice(0, n),
            tokens.slice(n, 2L * n),
            rows,
            List.of(new Span(0, rows, spec.adapters())));
    drawn = Tensor.in(memory.batch(), DType.I32, 2L * b);
    recording = backend.record(this::operations);
  }

  /** Whether the rows that a wave feeds now are as many, of as many tokens each. */
  boolean serves(GenerationWave wave) {
    return Arrays.equals(wave.nextTokens().offsets(), rows.offsets());
  }

  /** Feeds a wave's rows and gives it what they drew. */
  void run(GenerationWave wave) {
    TokenRows fed = wave.nextTokens();
    IntBuffer values = IntBuffer.allocate(inputs.size(0));
    for (long id : wave.activeQueryIds()) {
      values.put((int) id).put((int) (id >>> Integer.SIZE)); // low half first, as the device has it
    }
    values.put(fed.ids()).put(wave.nextPositions()).put(wave.responsePositions()).put(wave.slots());
    for (int row = 0; row < rows.rows(); row++) {
      values.put(rows.end(row) - 1);
    }
    values.put(fed.offsets());
    backend.transfers().upload(inputs, values.array());
    recording.run();
    int[] found = new int[drawn.size(0)];
    backend.transfers().download(found, drawn);
    int[] tokens = Arrays.copyOf(found, rows.rows());
    float[] logprobs = new float[rows.rows()];
    for (int row = 0; row < logprobs.length; row++) {
      logprobs[row] = Float.intBitsToFloat(found[rows.rows() + row]);
    }
    wave.append(tokens, logprobs);
  }

  /** Nothing here differs between runs but what the inputs hold. */
  private void operations() {
    memory.kept().reset();
    memory.scratch().reset();
    int b = rows.rows();
    cached.cache().place(cached.tokens());
    Tape tape = Tape.inference(backend, memory.kept(), memory.scratch());
    Tensor hidden =
        model
            .transformer()
            .forward(Pass.cached(tape, batch, cached), new TokenSelection(last))
            .value();
    cached.cache().advance(cached.tokens());
    Tensor logits = Tensor.in(memory.scratch(), DType.F32, b, model.vocabSize());
    backend.matmul().linear(logits, hidden, model.head());
    backend
        .sampling()
        .sample(
            drawn.slice(0, b),
            Tensor.at(drawn.slice(b, 2L * b).address(), DType.F32, Shape.of(b)),
            logits,
            queryIds,
            responsePositions,
            spec.sampling(),
            spec.seed(),
            spec.stream());
  }

  @Override
  public void close() {
    recording.close();
  }
}
