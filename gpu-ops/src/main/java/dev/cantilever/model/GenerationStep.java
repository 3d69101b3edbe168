package dev.cantilever.model;

import dev.cantilever.autograd.Tape;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Recording;
import dev.cantilever.nn.CachedRows;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.Span;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.nio.IntBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Rows through the model and the draw of their next tokens, for as many rows of as many tokens: so
 * decoding steps of a number of rows are runs of one {@link Recording}. One copy brings to the
 * device what a run reads, one brings back what it drew; several decoding steps need no more, since
 * each leaves on the device what the next one reads.
 *
 * <p>While it runs it has the pass's memory to itself, and it belongs to one generation: model,
 * adapters, cache and law of the draw are the same in every run.
 */
final class GenerationStep implements AutoCloseable {

  private final Backend backend;
  private final LanguageModel model;
  private final PassMemory memory;
  private final GenerationSpec spec;
  private final PackedRows rows; // of those that feed, F of them with N tokens
  private final int draws; // B, rows that draw
  private final boolean feeds; // what it draws to itself
  private final Tensor inputs; // [4B + 2F + 2N + 2] I32, of which those below are parts
  private final Tensor queryIds; // [B] I64
  private final TokenBatch batch;
  private final Tensor responsePositions; // [B] I32
  private final CachedRows cached;
  private final Tensor last; // [B] I32, the token that each row draws from
  private final Tensor place; // [1] I32, of results, where the next draw is kept
  private final Tensor results; // [P, 2B] I32: tokens, then the bits of their log-probabilities
  private final Tensor tokens; // [B] I32, drawn
  private final Tensor logprobs; // [B] F32, of these
  private final Recording recording;

  /**
   * Lays out memory for passes of the numbers and lengths of one.
   *
   * @param memory reset first
   */
  GenerationStep(
      Backend backend,
      LanguageModel model,
      PassMemory memory,
      GenerationCache cache,
      GenerationSpec spec,
      GenerationPass pass) {
    this.backend = backend;
    this.model = model;
    this.memory = memory;
    this.spec = spec;
    memory.reset();
    TokenRows fed = pass.tokens();
    int f = fed.rows();
    int n = fed.tokens();
    int b = pass.drawing().size();
    draws = b;
    inputs = Tensor.in(memory.batch(), DType.I32, 4L * b + 2L * f + 2L * n + 2);
    queryIds = Tensor.at(inputs.address(), DType.I64, Shape.of(b));
    Tensor fedTokens = inputs.slice(2L * b, 2L * (b + n)); // ids, then positions
    Tensor ofDraws = inputs.slice(2L * (b + n), 2L * (b + n) + 2L * b);
    responsePositions = ofDraws.slice(0, b);
    last = ofDraws.slice(b, 2L * b);
    Tensor ofRows = inputs.slice(2L * (b + n) + 2L * b, inputs.dim(0) - 1);
    place = inputs.slice(inputs.dim(0) - 1, inputs.dim(0));
    rows = new PackedRows(fed.offsets(), ofRows.slice(f, 2L * f + 1));
    feeds = !pass.enters();
    Optional<TokenBatch> read = feeds ? Optional.empty() : source(pass);
    cached = cache.newTokens(rows, ofRows.slice(0, f), read, memory.batch());
    TokenBatch fedBatch =
        new TokenBatch(
            fedTokens.slice(0, n),
            fedTokens.slice(n, 2L * n),
            rows,
            List.of(new Span(0, rows, spec.adapters())));
    batch = read.map(fedBatch::withSource).orElse(fedBatch);
    int places = feeds ? GenerationSchedule.MOST_STEPS : 1;
    results = Tensor.in(memory.batch(), DType.I32, places, 2L * b);
    Tensor drawn = feeds ? Tensor.in(memory.batch(), DType.I32, 2L * b) : results.reshape(2L * b);
    tokens = drawn.slice(0, b);
    logprobs = Tensor.at(drawn.slice(b, 2L * b).address(), DType.F32, Shape.of(b));
    recording = backend.record(this::operations);
  }

  /** What an encoder reads, if there is one; a pass of rows that enter runs once. */
  private Optional<TokenBatch> source(GenerationPass pass) {
    return model
        .architecture()
        .encoder()
        .map(encoder -> memory.upload(pass.queries(), spec.adapters()));
  }

  /** Feeds the rows of a pass, and gives those that draw what they drew until they ended. */
  void run(GenerationPass pass) {
    TokenRows fed = pass.tokens();
    IntBuffer values = IntBuffer.allocate(inputs.size(0));
    for (GenerationRow row : pass.drawing()) {
      values.put((int) row.queryId()); // low half first, as the device has it
      values.put((int) (row.queryId() >>> Integer.SIZE));
    }
    values.put(fed.ids()).put(pass.positions());
    values.put(pass.responsePositions()).put(pass.last());
    values.put(pass.slots()).put(fed.offsets());
    values.put(0); // the place
    backend.transfers().upload(inputs, values.array());
    for (int step = 0; step < pass.steps(); step++) {
      recording.run();
    }
    Tensor used = results.slice(0, pass.steps());
    int[] found = new int[Math.toIntExact(used.elements())];
    backend.transfers().download(found, used);
    for (int step = 0; step < pass.steps(); step++) {
      take(pass.drawing(), found, 2 * draws * step);
    }
  }

  private void take(List<GenerationRow> drawing, int[] found, int first) {
    for (int r = 0; r < draws; r++) {
      GenerationRow row = drawing.get(r);
      if (!row.ended()) {
        row.append(found[first + r], Float.intBitsToFloat(found[first + draws + r]), spec.stop());
      }
    }
  }

  /** Nothing here differs between runs but what the inputs hold. */
  private void operations() {
    memory.kept().reset();
    memory.scratch().reset();
    int b = draws;
    GenerationCache.place(cached);
    Tape tape = Tape.inference(backend, memory.kept(), memory.scratch());
    Tensor hidden =
        model
            .transformer()
            .forward(Pass.cached(tape, batch, cached), new TokenSelection(last))
            .value();
    cached.cache().advance(cached.tokens());
    Tensor logits = Tensor.in(memory.scratch(), DType.F32, b, model.vocabSize());
    model.logits(backend, logits, hidden, spec.adapters());
    backend
        .sampling()
        .sample(
            tokens,
            logprobs,
            logits,
            queryIds,
            responsePositions,
            spec.sampling(),
            spec.seed(),
            spec.stream());
    if (feeds) {
      backend
          .sampling()
          .feedTokens(
              batch.ids(), batch.positions(), responsePositions, results, place, tokens, logprobs);
    }
  }

  @Override
  public void close() {
    recording.close();
  }
}
