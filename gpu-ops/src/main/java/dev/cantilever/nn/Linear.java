package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A frozen weight with any number of LoRA branches. */
public final class Linear {

  private final String name;
  private final Weight weight;
  private final List<LoraBranch> branches = new ArrayList<>();
  private final List<BiasBranch> biases = new ArrayList<>();
  private final List<WeightBranch> wholes = new ArrayList<>();
  private final List<BiasBranch> wholeBiases = new ArrayList<>();
  private final Replaceable<Acting> weights;
  private double @Nullable [] rowSquares;

  private record Acting(Weight weight, HeadGradient gradient) {}

  /**
   * Wraps a weight.
   *
   * @param name module path in the checkpoint, for messages and as the key of its dropout
   */
  public Linear(String name, Weight weight) {
    this.name = name;
    this.weight = weight;
    this.weights = new Replaceable<>(new Acting(weight, HeadGradient.NONE));
  }

  /** Module path in the checkpoint. */
  public String name() {
    return name;
  }

  /** The frozen weight. */
  public Weight weight() {
    return weight;
  }

  /**
   * The weight where some adapters act: that of the one attached last that brings its own, or the
   * base's. Layers in the middle of a model, which {@link #forward} runs, are never replaced: what
   * an adapter has its own of there is kept as what it is more ({@link WeightBranch}).
   */
  public Weight weight(Set<String> adapters) {
    return weights.acting(adapters).weight();
  }

  /** What the gradients of that weight are added to. */
  public HeadGradient gradient(Set<String> adapters) {
    return weights.acting(adapters).gradient();
  }

  /**
   * Attaches an adapter's own weight, in place of the base's where it acts.
   *
   * @param gradient what its gradients are added to
   */
  public void replace(String adapter, Weight own, HeadGradient gradient) {
    weights.replace(adapter, new Acting(own, gradient));
  }

  /** The branches of some adapters, in the order of their attachment. */
  List<LoraBranch> branches(Set<String> adapters) {
    return branches.stream().filter(branch -> adapters.contains(branch.adapter())).toList();
  }

  /**
   * Of a head, outside of a tape: y = x·Wᵀ + b, plus the branches, of rows that the same adapters
   * act on.
   *
   * @param y [M, O] F32, overwritten
   * @param x [M, I] F32
   */
  public void run(Backend backend, Tensor y, Tensor x, Set<String> adapters) {
    backend.matmul().linear(y, x, weight(adapters));
    List<LowRankTerm> terms = new ArrayList<>(); // up to the next one with lengths
    for (LoraBranch branch : branches(adapters)) {
      terms.add(branch.term());
      if (branch.magnitude().isPresent()) {
        Magnitude lengths = branch.magnitude().get();
        backend.matmul().lowRank(y, x, terms);
        backend
            .activation()
            .affineColumns(y, y, branch.column(), lengths.excess(), lengths.excessShift(), true);
        terms.clear();
      }
    }
    if (!terms.isEmpty()) {
      backend.matmul().lowRank(y, x, terms);
    }
  }

  /** Whether some adapter has its own weight in place of all of the base's. */
  private boolean isReplaced() {
    return weights.isReplaced();
  }

  /**
   * The square of the length of each of the weight's rows, kept from the first call on.
   *
   * @param sum gives them for the weight
   * @return [O], not to be changed
   */
  public double[] rowSquares(Function<Weight, double[]> sum) {
    if (rowSquares == null) {
      rowSquares = sum.apply(weight);
    }
    return rowSquares;
  }

  /** Attaches a branch; it acts in spans that name its adapter, after those attached before. */
  public void attach(LoraBranch branch) {
    branches.add(branch);
  }

  /** Attaches a trained bias; it acts in spans that name its adapter. */
  public void attach(BiasBranch bias) {
    biases.add(bias);
  }

  /**
   * Attaches the matrix of an adapter that holds a range of outputs whole; where several do, that
   * attached last acts.
   */
  public void attach(WeightBranch whole) {
    wholes.add(whole);
  }

  /**
   * Attaches the bias of an adapter that holds a range of outputs whole, of which the same holds.
   */
  public void attachShift(BiasBranch bias) {
    wholeBiases.add(bias);
  }

  /**
   * Whether some adapter has weights of its own where outputs begin at a column: of the whole
   * layer, or of that range.
   */
  public boolean isHeld(int column) {
    return isReplaced() || wholes.stream().anyMatch(whole -> whole.column() == column);
  }

  /** Whether a branch with lengths changes the outputs that begin at a column. */
  public boolean hasLengths(int column) {
    return branches.stream()
        .anyMatch(branch -> branch.column() == column && branch.magnitude().isPresent());
  }

  /** Whether anything of an adapter of this name is attached. */
  public boolean isAttached(String adapter) {
    return attached().haveAny(adapter) || weights.isAttached(adapter);
  }

  /** Detaches all that is an adapter's. */
  public void detach(String adapter) {
    branches.removeIf(branch -> branch.adapter().equals(adapter));
    biases.removeIf(bias -> bias.adapter().equals(adapter));
    wholes.removeIf(whole -> whole.adapter().equals(adapter));
    wholeBiases.removeIf(bias -> bias.adapter().equals(adapter));
    weights.detach(adapter);
  }

  /** y = x·Wᵀ + b, plus for each span the branches of its adapters. */
  public Var forward(Pass pass, Slot slot, Var x) {
    return forward(pass, slot, x, Optional.empty());
  }

  /** y = r + (x·Wᵀ + b), plus for each span the branches of its adapters. */
  public Var forward(Pass pass, Slot slot, Var x, Var residual) {
    return forward(pass, slot, x, Optional.of(residual));
  }

  /**
   * y = r + (x·Wᵀ + b) + (x₂·W₂ᵀ + b₂), plus for each span the branches of its adapters.
   *
   * @param other W₂ and b₂
   * @param otherInput x₂
   */
  Var forwardWith(Pass pass, Slot slot, Var x, Linear other, Var otherInput, Var residual) {
    LinearNode first = node(pass, x);
    LinearNode second = other.node(pass, otherInput);
    if (!first.isTerm() || !second.isTerm()) {
      return other.forward(pass, slot, otherInput, forward(pass, Slot.BRANCH, x, residual));
    }
    LinearSumNode node = new LinearSumNode(pass.tape().backend().matmul(), first, second, residual);
    return apply(pass, slot, trains(pass) || other.trains(pass), residual.shape().dim(0), node);
  }

  private Var forward(Pass pass, Slot slot, Var x, Optional<Var> residual) {
    return apply(pass, slot, trains(pass), x.shape().dim(0), node(pass, x, residual));
  }

  LinearNode node(Pass pass, Var x) {
    return node(pass, x, Optional.empty());
  }

  private LinearNode node(Pass pass, Var x, Optional<Var> residual) {
    return new LinearNode(pass, weight, attached(), x, residual);
  }

  private LinearBranches attached() {
    return new LinearBranches(name, weight, branches, biases, wholes, wholeBiases);
  }

  private Var apply(Pass pass, Slot slot, boolean trains, long rows, Node node) {
    return pass.tape().apply(slot, rows, weight.outFeatures(), trains, node);
  }

  /** Whether something that acts in some span of the batch is trained. */
  boolean trains(Pass pass) {
    LinearBranches all = attached();
    return pass.batch().spans().stream().anyMatch(span -> all.acting(span.adapters()).trains());
  }
}
