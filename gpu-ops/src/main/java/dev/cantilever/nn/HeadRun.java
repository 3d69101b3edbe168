package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.HeadLengths;
import dev.cantilever.backend.HeadTerm;
import dev.cantilever.backend.HeadTermGradient;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * An output head over hidden states that the same adapters act on, as losses run it: its branches
 * are low-rank terms of what it gives, so that their second matrices are read in the loss's chunks
 * of the vocabulary and logits never exist at once.
 */
public final class HeadRun {

  /**
   * A branch that acts.
   *
   * @param input [M, C] F32, after dropout
   * @param low [M, R] F32, scale·input·Aᵀ
   * @param dLow [M, R] F32, its gradient
   * @param dDropped [M, C] F32, what comes to the input through its lengths, where that is dropped
   */
  private record Acting(
      LoraBranch branch, Tensor input, Tensor low, Tensor dLow, Optional<Tensor> dDropped) {}

  private final Backend backend;
  private final Linear head;
  private final Set<String> adapters;
  private final Tensor hidden;
  private final OptionalLong dropoutKey;
  private final List<Acting> acting = new ArrayList<>();

  /**
   * Runs the first matrices of the branches.
   *
   * @param arena where what they make is held, with room for its gradients
   * @param hidden [M, C] F32
   * @param adapters those that act on all rows
   * @param dropoutKey key of this pass's adapter dropout, or empty for none
   */
  public HeadRun(
      Backend backend,
      Arena arena,
      Linear head,
      Tensor hidden,
      Set<String> adapters,
      OptionalLong dropoutKey) {
    this.backend = backend;
    this.head = head;
    this.adapters = adapters;
    this.hidden = hidden;
    this.dropoutKey = dropoutKey;
    for (LoraBranch branch : head.branches(adapters)) {
      acting.add(run(arena, branch));
    }
  }

  private Acting run(Arena arena, LoraBranch branch) {
    Tensor input = hidden;
    if (drops(branch)) {
      input = Tensor.in(arena, DType.F32, hidden.shape());
      backend.activation().dropout(input, hidden, branch.dropout(), key(branch), false);
    }
    Tensor low = Tensor.in(arena, DType.F32, hidden.dim(0), branch.rank());
    backend.matmul().project(low, 0, input, branch.a().value(), branch.scale(), false);
    Optional<Tensor> dDropped = Optional.empty();
    if (drops(branch) && branch.magnitude().isPresent()) {
      dDropped = Optional.of(Tensor.in(arena, DType.F32, hidden.shape()));
    }
    return new Acting(branch, input, low, Tensor.in(arena, DType.F32, low.shape()), dDropped);
  }

  /** What a loss reads. */
  public HeadInput input() {
    List<HeadTerm> terms =
        acting.stream()
            .map(one -> new HeadTerm(one.low(), one.branch().b().value(), lengths(one)))
            .toList();
    return new HeadInput(hidden, head.weight(adapters), terms);
  }

  private static Optional<HeadLengths> lengths(Acting one) {
    Optional<Tensor> dropped = one.dDropped().map(there -> one.input());
    return one.branch().magnitude().map(magnitude -> magnitude.head(dropped));
  }

  /** Where a loss writes the gradients of the head and of its low-rank terms. */
  public HeadGradient gradient() {
    List<HeadTermGradient> terms =
        acting.stream()
            .map(
                one ->
                    new HeadTermGradient(
                        one.dLow(),
                        gradient(one, Optional.of(one.branch().b())),
                        gradient(one, one.branch().magnitude().map(Magnitude::lengths)),
                        one.dDropped()))
            .toList();
    return head.gradient(adapters).withTerms(terms);
  }

  private static Optional<Tensor> gradient(Acting one, Optional<Parameter> parameter) {
    return parameter.filter(there -> one.branch().trainable()).map(Parameter::gradient);
  }

  /**
   * Takes the gradients that a loss has written to {@link #gradient} on through the branches: adds
   * to those of A and of the hidden states.
   *
   * @param dHidden [M, C] F32, added to
   * @param rows the rows that the M hidden states belong to
   */
  public void backward(Tensor dHidden, PackedRows rows) {
    MatmulOps matmul = backend.matmul();
    for (Acting one : acting) {
      LoraBranch branch = one.branch();
      Tensor a = branch.a().value();
      if (branch.trainable()) {
        matmul.projectWeightGradient(
            branch.a().gradient(), one.dLow(), 0, one.input(), branch.scale(), rows);
      }
      if (drops(branch)) { // its input is not needed again, and takes the gradient
        Tensor dInput = one.dDropped().orElse(one.input());
        boolean further = one.dDropped().isPresent();
        matmul.projectInputGradient(dInput, one.dLow(), 0, a, branch.scale(), further);
        backend.activation().dropout(dHidden, dInput, branch.dropout(), key(branch), true);
      } else {
        matmul.projectInputGradient(dHidden, one.dLow(), 0, a, branch.scale(), true);
      }
    }
  }

  private boolean drops(LoraBranch branch) {
    return dropoutKey.isPresent() && branch.dropout() > 0;
  }

  private long key(LoraBranch branch) {
    return branch.dropoutKey(dropoutKey.orElseThrow(), head.name());
  }
}
