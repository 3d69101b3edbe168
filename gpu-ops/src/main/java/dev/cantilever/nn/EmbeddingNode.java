package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Tape;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Sum of the embeddings of token, times its factor, position and type, where there are such. Only
 * tables of tokens can be trained: dTable(id) += scale·dy over the tokens of that id, in ascending
 * order.
 */
record EmbeddingNode(
    Tape tape,
    EmbeddingTable tokens,
    float scale,
    Optional<Tensor> positions,
    Optional<Tensor> types,
    TokenBatch batch)
    implements Node {

  @Override
  public List<Var> inputs() {
    return List.of();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    EmbeddingOps ops = tape.backend().embedding();
    if (tokens.isReplaced()) {
      for (Span span : batch.spans()) {
        Tensor table = tokens.acting(span.adapters()).values();
        ops.gather(slice(out, span), table, slice(batch.ids(), span), false);
      }
    } else {
      ops.gather(out, tokens.values(), batch.ids(), false);
    }
    if (scale != 1) {
      tape.backend().activation().scale(out, out, scale);
    }
    positions.ifPresent(table -> ops.gather(out, table, batch.positions(), true));
    types.ifPresent(table -> ops.gather(out, table, typesOfTokens(), true));
  }

  private Tensor typesOfTokens() {
    return batch
        .types()
        .orElseThrow(
            () -> new IllegalStateException("Expected a batch with the types of its tokens"));
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    for (Span span : batch.spans()) {
      tokens
          .acting(span.adapters())
          .gradient()
          .ifPresent(gradient -> addTo(gradient, slice(dOut, span), slice(batch.ids(), span)));
    }
  }

  private void addTo(Tensor gradient, Tensor dy, Tensor ids) {
    Arena scratch = tape.scratch();
    Arena.Mark mark = scratch.mark();
    Tensor scaled = dy;
    if (scale != 1) {
      scaled = Tensor.in(scratch, DType.F32, dy.shape());
      tape.backend().activation().scale(scaled, dy, scale);
    }
    tape.backend().embedding().scatterAdd(gradient, scaled, ids);
    scratch.reset(mark);
  }

  private static Tensor slice(Tensor tensor, Span span) {
    return tensor.slice(span.firstToken(), span.endToken());
  }
}
