package dev.cantilever.model;

import dev.cantilever.adapter.AdapterTargets;
import dev.cantilever.autograd.Tape;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.HeadRun;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A language model, a decoder with or without an encoder: a transformer and the output head, kept
 * apart so that losses can run the head in chunks.
 *
 * @param transformer everything before the head
 * @param head [V, E]
 * @param tied whether the checkpoint has one tensor for the head and the embedding of tokens
 */
public record LanguageModel(Transformer transformer, Linear head, boolean tied) {

  /**
   * The same, over the same weights and with the same adapters, for passes over rows that are, or
   * are counted as, of so many tokens: where positions depend on how long a row is ({@link
   * LongRows}), those of such a row, for all rows from now on.
   */
  public LanguageModel forRowsOf(int tokens) {
    return new LanguageModel(transformer.forRowsOf(tokens), head, tied);
  }

  /** V. */
  public int vocabSize() {
    return head.weight().outFeatures();
  }

  /**
   * What a loss makes of what the head gives.
   *
   * @param scale 1/temperature of the law that is scored
   */
  LogitSpec logitSpec(float scale) {
    return new LogitSpec(scale * architecture().head().scale(), architecture().head().cap());
  }

  /**
   * Logits of hidden states.
   *
   * @param logits [M, V] F32
   * @param hidden [M, E] F32
   * @param adapters those that act on them
   */
  void logits(Backend backend, Tensor logits, Tensor hidden, Set<String> adapters) {
    head.run(backend, logits, hidden, adapters);
    HeadSpec spec = architecture().head();
    if (spec.cap() > 0) {
      backend.activation().softcap(logits, logits, spec.cap());
    }
    if (spec.scale() != 1) {
      backend.activation().scale(logits, logits, spec.scale());
    }
  }

  /**
   * The head as a loss runs it over hidden states.
   *
   * @param arena holds what its branches make
   * @param hidden [M, C] F32
   * @param adapters those that act on all of them
   */
  HeadRun head(Backend backend, Arena arena, Tensor hidden, Set<String> adapters) {
    return new HeadRun(backend, arena, head, hidden, adapters, OptionalLong.empty());
  }

  /** What adapters may be attached to. */
  public AdapterTargets targets() {
    return transformer.targets(List.of(head), tied, true);
  }

  /** The description. */
  public Architecture architecture() {
    return transformer.architecture();
  }

  /**
   * Logits at every token of a decoder's rows, all held at once: for comparing models, not for
   * training one.
   *
   * @param memory reset first
   * @param rows go through in as many passes as their lengths ask for
   * @param adapters those that act on the rows
   * @return [N, V], row-major
   */
  public float[] logits(Backend backend, PassMemory memory, ModelRows rows, Set<String> adapters) {
    rows.requireFits(architecture());
    float[] all = new float[Math.multiplyExact(rows.tokens().tokens(), vocabSize())];
    int at = 0;
    for (int from = 0; from < rows.tokens().rows(); ) {
      int to = rows.tokens().endOfPass(architecture(), from, Integer.MAX_VALUE);
      float[] part = logitsAtOnce(backend, memory, rows.slice(from, to), adapters);
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
      from = to;
    }
    return all;
  }

  private float[] logitsAtOnce(
      Backend backend, PassMemory memory, ModelRows rows, Set<String> adapters) {
    memory.reset();
    Tape tape = Tape.inference(backend, memory.kept(), memory.scratch());
    int[] all = IntStream.range(0, rows.tokens().tokens()).toArray();
    Tensor hidden =
        transformer
            .forward(
                Pass.plain(tape, memory.upload(rows, adapters)),
                new TokenSelection(memory.ints(all)))
            .value();
    Tensor logits = Tensor.in(memory.batch(), DType.F32, all.length, vocabSize());
    logits(backend, logits, hidden, adapters);
    float[] values = new float[Math.toIntExact(logits.elements())];
    backend.transfers().download(values, logits);
    return values;
  }

  /** As above, of a model without an encoder. */
  public float[] logits(Backend backend, PassMemory memory, TokenRows rows, Set<String> adapters) {
    return logits(backend, memory, ModelRows.of(rows), adapters);
  }
}
