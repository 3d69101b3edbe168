package dev.cantilever.model;

import dev.cantilever.autograd.Tape;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Recording;
import dev.cantilever.backend.Transfers;
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
import java.util.stream.IntStream;

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

  private final GenerationContext context;
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
   * Lays out memory for a pass.
   *
   * @param context whose memory is reset first
   * @param offsets [F + 1], where the tokens of each row that feeds begin, and their number N
   * @param draws B, rows that draw
   * @param entering the pass of rows that enter, or none for decoding steps
   * @param again whether it may be run more than once
   */
  private GenerationStep(
      GenerationContext context,
      int[] offsets,
      int draws,
      Optional<GenerationPass> entering,
      boolean again) {
    this.context = context;
    this.draws = draws;
    PassMemory memory = context.memory();
    memory.reset();
    int f = offsets.length - 1;
    int n = offsets[f];
    int b = draws;
    inputs = Tensor.in(memory.batch(), DType.I32, 4L * b + 2L * f + 2L * n + 2);
    queryIds = Tensor.at(inputs.address(), DType.I64, Shape.of(b));
    Tensor fedTokens = inputs.slice(2L * b, 2L * (b + n)); // ids, then positions
    Tensor ofDraws = inputs.slice(2L * (b + n), 2L * (b + n) + 2L * b);
    responsePositions = ofDraws.slice(0, b);
    last = ofDraws.slice(b, 2L * b);
    Tensor ofRows = inputs.slice(2L * (b + n) + 2L * b, inputs.dim(0) - 1);
    place = inputs.slice(inputs.dim(0) - 1, inputs.dim(0));
    rows = new PackedRows(offsets, ofRows.slice(f, 2L * f + 1));
    feeds = entering.isEmpty();
    Optional<TokenBatch> read = entering.flatMap(this::source);
    cached = context.cache().newTokens(rows, ofRows.slice(0, f), read, memory.batch());
    TokenBatch fedBatch =
        new TokenBatch(
            fedTokens.slice(0, n),
            fedTokens.slice(n, 2L * n),
            rows,
            List.of(new Span(0, rows, context.spec().adapters())));
    batch = read.map(fedBatch::withSource).orElse(fedBatch);
    int places = feeds ? GenerationSchedule.MOST_STEPS : 1;
    results = Tensor.in(memory.batch(), DType.I32, places, 2L * b);
    Tensor drawn = feeds ? Tensor.in(memory.batch(), DType.I32, 2L * b) : results.reshape(2L * b);
    tokens = drawn.slice(0, b);
    logprobs = Tensor.at(drawn.slice(b, 2L * b).address(), DType.F32, Shape.of(b));
    recording =
        again ? context.backend().record(this::operations) : Recording.calling(this::operations);
  }

  /** The step of rows that enter, which is run once. */
  static GenerationStep entering(GenerationContext context, GenerationPass pass) {
    return new GenerationStep(
        context, pass.tokens().offsets(), pass.drawing().size(), Optional.of(pass), false);
  }

  /** Steps of so many rows in the middle of a response. */
  static GenerationStep decoding(GenerationContext context, int rows) {
    return decoding(context, rows, true);
  }

  /** One such step, whose context no other has. */
  static GenerationStep decodingOnce(GenerationContext context, int rows) {
    return decoding(context, rows, false);
  }

  private static GenerationStep decoding(GenerationContext context, int rows, boolean again) {
    int[] offsets = IntStream.rangeClosed(0, rows).toArray();
    return new GenerationStep(context, offsets, rows, Optional.empty(), again);
  }

  /** Does what can be done before the first run, also while another step's is under way. */
  void prepare() {
    recording.prepare();
  }

  /** What an encoder reads, if there is one. */
  private Optional<TokenBatch> source(GenerationPass pass) {
    return context
        .model()
        .architecture()
        .encoder()
        .map(encoder -> context.memory().upload(pass.queries(), context.spec().adapters()));
  }

  /**
   * Feeds the rows of a pass, and gives those that draw what they drew until they ended.
   *
   * @param meanwhile done while the device works, without touching what the pass writes
   */
  void run(GenerationPass pass, Runnable meanwhile) {
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
    Transfers transfers = context.backend().transfers();
    transfers.upload(inputs, values.array());
    for (int step = 0; step < pass.steps(); step++) {
      recording.run();
    }
    meanwhile.run();
    Tensor used = results.slice(0, pass.steps());
    int[] found = new int[Math.toIntExact(used.elements())];
    transfers.download(found, used);
    for (int step = 0; step < pass.steps(); step++) {
      take(pass.drawing(), found, 2 * draws * step);
    }
  }

  private void take(List<GenerationRow> drawing, int[] found, int first) {
    for (int r = 0; r < draws; r++) {
      GenerationRow row = drawing.get(r);
      if (!row.ended()) {
        row.append(
            found[first + r],
            Float.intBitsToFloat(found[first + draws + r]),
            context.spec().stop());
      }
    }
  }

  /** Nothing here differs between runs but what the inputs hold. */
  private void operations() {
    Backend backend = context.backend();
    LanguageModel model = context.model();
    GenerationSpec spec = context.spec();
    PassMemory memory = context.memory();
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
