package dev.cantilever.model;

import dev.cantilever.OpsException;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.KvCache;
import dev.cantilever.nn.KvCacheSize;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * Samples responses from a language model over a KV cache, in continuous batches: as rows end,
 * others take their places ({@link GenerationSchedule}).
 *
 * <p>A response depends on its query, query id, length limit, the model and the seed, never on the
 * rows beside it, on how many there are at once, or on when it entered (under {@link
 * dev.cantilever.tensor.Int8Mode#LLM_INT8} that cannot be promised). Rows may go through the model
 * for a few more steps after a token that ended them, whose tokens are dropped; a number that is
 * not finite is an error there too.
 *
 * <p>Where positions depend on how long a row is ({@link LongRows}), rows that reach the length
 * where they change leave if their keys do not stay as they are, and go on together from a pass
 * over all that they have said; otherwise they go on over the same cache, each step in the form for
 * their length.
 */
public final class Generator {

  private final Backend backend;
  private final LanguageModel model;
  private final int mostSteps;

  /** A generator for a model; adapters are named per call. */
  public Generator(Backend backend, LanguageModel model) {
    this(backend, model, GenerationSchedule.MOST_STEPS);
  }

  /** The same that looks at what was drawn after so many decoding steps at the latest. */
  Generator(Backend backend, LanguageModel model, int mostSteps) {
    this.backend = backend;
    this.model = model;
    this.mostSteps = mostSteps;
  }

  /**
   * Generates one response a row, in the order of the queries.
   *
   * @param memory if it has a planned cache, rows have no more pages together than that holds, and
   *     wait for each other's; else all of {@link GenerationSpec#maxRows} have theirs
   * @param queries at least one token each
   * @param queryIds what a row's randomness is keyed by
   * @param maxNewTokens length limit of each row, at least 1
   * @throws CheckpointException naming the row, if query and response may not fit the model
   * @throws OpsException naming the row, if the planned cache does not hold even that one alone
   */
  public List<Generation> generate(
      PassMemory memory,
      TokenRows queries,
      long[] queryIds,
      int[] maxNewTokens,
      GenerationSpec spec) {
    queries.requireFits(model.architecture());
    List<GenerationRow> rows = rows(queries, queryIds, maxNewTokens);
    int longest = model.architecture().block().longestCached();
    if (longest == EmbeddingSpec.ANY_LENGTH) {
      generate(memory, model, rows, spec);
    } else {
      List<GenerationRow> within =
          rows.stream().filter(row -> row.prompt().length <= longest).toList();
      within.forEach(row -> row.drawFrom(longest));
      generate(memory, model, within, spec);
      List<GenerationRow> beyond = rows.stream().filter(row -> !row.isComplete()).toList();
      beyond.forEach(row -> row.drawFrom(EmbeddingSpec.ANY_LENGTH));
      generate(memory, model.forRowsOf(longest + 1), beyond, spec);
    }
    return rows.stream().map(GenerationRow::generation).toList();
  }

  private void generate(
      PassMemory memory, LanguageModel chosen, List<GenerationRow> rows, GenerationSpec spec) {
    if (rows.isEmpty()) {
      return;
    }
    KvCacheSize size = cacheSize(memory, rows, spec.maxRows());
    try (Arena cacheArena = memory.openCache()) {
      GenerationCache cache =
          GenerationCache.of(
              backend, cacheArena, chosen.architecture(), size, rows, spec.maxRows());
      GenerationSchedule schedule =
          new GenerationSchedule(
              chosen.architecture(), rows, cache, size.slots(), spec.stop(), mostSteps);
      generate(new GenerationContext(backend, chosen, memory, cache, spec), schedule);
    }
  }

  /**
   * While queries go through the model, the decoding step for the rows that will be active is
   * prepared; if a row ends at its first token, the step for fewer rows is made when it is needed.
   */
  private static void generate(GenerationContext context, GenerationSchedule schedule) {
    try (DecodingSteps decoding =
        new DecodingSteps(rows -> GenerationStep.decoding(context, rows))) {
      while (schedule.goesOn()) {
        GenerationPass pass = schedule.next();
        GenerationContext form = context.forRowsOf(pass.seenTokens());
        if (pass.enters()) {
          try (GenerationStep prefill = GenerationStep.entering(form, pass)) {
            prefill.run(pass, () -> prepare(decoding, schedule.activeBehindEntering()));
          }
        } else if (form == context) {
          decoding.of(pass.drawing().size()).run(pass, () -> {});
        } else {
          try (GenerationStep once = GenerationStep.decodingOnce(form, pass.drawing().size())) {
            once.run(pass, () -> {});
          }
        }
        schedule.settle();
      }
    }
  }

  private static void prepare(DecodingSteps decoding, int rows) {
    if (rows > 0) {
      decoding.of(rows).prepare();
    }
  }

  private AttentionSpec attention() {
    return model.architecture().block().attention();
  }

  private List<GenerationRow> rows(TokenRows queries, long[] queryIds, int[] limits) {
    EmbeddingSpec embedding = model.architecture().embedding();
    OptionalInt start =
        model
            .architecture()
            .encoder()
            .map(encoder -> OptionalInt.of(encoder.startToken()))
            .orElseGet(OptionalInt::empty);
    List<GenerationRow> rows = new ArrayList<>();
    for (int r = 0; r < queries.rows(); r++) {
      if (limits[r] < 1 || queries.length(r) + limits[r] > embedding.maxPositions()) {
        throw new CheckpointException(
            "Row %d: expected query and response to stay within the model's %d positions and to hold a token, found %d + %d tokens. Lower the response length or shorten the query."
                .formatted(r, embedding.maxPositions(), queries.length(r), limits[r]));
      }
      rows.add(new GenerationRow(queries.row(r), queryIds[r], limits[r], start));
    }
    return rows;
  }

  /** What the rows need, as far as a planned cache holds it. */
  private KvCacheSize cacheSize(PassMemory memory, List<GenerationRow> rows, int maxRows) {
    KvCacheSize needed =
        KvCacheSize.of(maxRows, rows.stream().mapToInt(GenerationRow::maxTokens).toArray());
    long planned = memory.plannedCacheBytes();
    if (planned == 0) {
      return needed;
    }
    KvCacheSize size =
        needed.within(
            planned
                - GenerationCache.sourceBytes(
                    backend, model.architecture(), GenerationCache.sourceSize(rows, maxRows)),
            backend.budget().alignment(),
            attention(),
            model.architecture().layers(),
            backend.capabilities().cacheType());
    for (int r = 0; r < rows.size(); r++) {
      int tokens = rows.get(r).maxTokens();
      if (KvCacheSize.pagesFor(tokens) > size.pages()) {
        throw new OpsException(
            "Row %d: expected a KV cache for the %d tokens of query and response together, found %d pages of %d tokens in the %d bytes planned. Plan for rows of that length, or lower the response length."
                .formatted(r, tokens, size.pages(), KvCache.PAGE_TOKENS, planned));
      }
    }
    return size;
  }
}
