package dev.cantilever.model;

import dev.cantilever.adapter.AdapterTargets;
import dev.cantilever.autograd.Tape;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A sequence classifier or reward model: logits per row, from one token of it.
 *
 * @param transformer everything before the head
 * @param hidden the dense layer before the output, if there is one
 * @param output [labels, E]
 */
public record SequenceClassifier(Transformer transformer, Optional<Linear> hidden, Linear output) {

  /** Names of the outputs, in order. */
  public List<String> labels() {
    return transformer.architecture().classifier().labels();
  }

  /** What adapters may be attached to; the layers behind the transformer may be held whole. */
  public AdapterTargets targets() {
    return transformer.targets(
        Stream.concat(hidden.stream(), Stream.of(output)).toList(), false, false);
  }

  /** Longest row the model was made for. */
  public int maxPositions() {
    return transformer.architecture().embedding().maxPositions();
  }

  /** The same, over the same weights, as {@link LanguageModel#forRowsOf} says. */
  public SequenceClassifier forRowsOf(int tokens) {
    return new SequenceClassifier(transformer.forRowsOf(tokens), hidden, output);
  }

  /**
   * Logits of every row.
   *
   * @param batch packed rows which {@link Architecture#takesTogether}; where it does not say of
   *     which type tokens are, all are of type 0
   * @param batchArena where the selection is put, and types
   * @param kept arena of the residual stream
   * @param scratch arena of everything else
   * @return [B][labels]
   */
  public float[][] logits(
      Backend backend, TokenBatch batch, Arena batchArena, Arena kept, Arena scratch) {
    ClassifierSpec spec = transformer.architecture().classifier();
    PackedRows rows = batch.rows();
    int[] tokens = new int[rows.rows()];
    for (int r = 0; r < tokens.length; r++) {
      tokens[r] = spec.pooling() == Pooling.FIRST_TOKEN ? rows.start(r) : rows.end(r) - 1;
    }
    Tensor selected = Tensor.in(batchArena, DType.I32, tokens.length);
    backend.transfers().upload(selected, tokens);
    Tape tape = Tape.inference(backend, kept, scratch);
    TokenBatch typed = typed(backend, batch, batchArena);
    Var pooled = transformer.forward(Pass.plain(tape, typed), new TokenSelection(selected));
    Set<String> adapters = adapters(batch);
    Tensor features = pooled.value();
    if (hidden.isPresent()) {
      Tensor dense = Tensor.in(scratch, DType.F32, features.shape());
      hidden.get().run(backend, dense, features, adapters);
      spec.hidden().ifPresent(f -> backend.activation().activate(dense, dense, f));
      features = dense;
    }
    int labels = output.weight().outFeatures();
    Tensor out = Tensor.in(scratch, DType.F32, tokens.length, labels);
    output.run(backend, out, features, adapters);
    float[] flat = new float[tokens.length * labels];
    backend.transfers().download(flat, out);
    float[][] logits = new float[tokens.length][labels];
    for (int r = 0; r < tokens.length; r++) {
      System.arraycopy(flat, r * labels, logits[r], 0, labels);
    }
    return logits;
  }

  private TokenBatch typed(Backend backend, TokenBatch batch, Arena arena) {
    if (batch.types().isPresent() || transformer.embeddings().types().isEmpty()) {
      return batch;
    }
    Tensor types = Tensor.in(arena, DType.I32, batch.rows().tokens());
    backend.transfers().zero(types);
    return batch.withTypes(types);
  }

  /** The adapters of all rows: a head is run once. */
  private static Set<String> adapters(TokenBatch batch) {
    Set<String> adapters = batch.spans().get(0).adapters();
    if (batch.spans().stream().anyMatch(span -> !span.adapters().equals(adapters))) {
      throw new IllegalArgumentException(
          "Expected the same adapters on all rows of a classifier, got " + batch.spans());
    }
    return adapters;
  }
}
