package dev.cantilever.autograd;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Records calls in order, plays them backward, and owns the decision where each value lives.
 *
 * <p>A tape serves one forward pass and at most one backward pass. It runs in blocks: {@link
 * #endBlock} ends one. Only values in {@link Slot#RESIDUAL} may be read by the next block, and only
 * those in {@link Slot#SOURCE} by any later one.
 */
public final class Tape {

  /*
   * Where values live. Kept ones: in the `kept` arena until the tape is done. All others: in
   * `scratch`, which is reset at the end of each block, forward and backward, so that the live part
   * is one block deep. Without gradients nothing is kept but the residual stream, of which two
   * tensors in turn suffice, and what an encoder gives. Gradients follow the same rule: those inside
   * a block lie in scratch, the one that crosses to the block before lies in one of two tensors in
   * turn. Encoder and decoder have two each, even if they are of one shape: else the memory of a
   * pass would be less where they happen to be than with shorter rows.
   */

  private final Backend backend;
  private final Arena kept;
  private final Arena scratch;
  private final KeepPlan plan;
  private final boolean recording;
  private final List<Var> vars = new ArrayList<>();
  private final Turns residuals = new Turns();
  private final Turns crossings = new Turns();
  private int block;

  private Tape(Backend backend, Arena kept, Arena scratch, KeepPlan plan, boolean recording) {
    this.backend = backend;
    this.kept = kept;
    this.scratch = scratch;
    this.plan = plan;
    this.recording = recording;
  }

  /** A tape for a forward pass that no backward follows. */
  public static Tape inference(Backend backend, Arena kept, Arena scratch) {
    return new Tape(backend, kept, scratch, KeepPlan.blockInputs(), false);
  }

  /**
   * A tape for a forward and a backward pass.
   *
   * @param kept arena of what stays until the backward pass
   * @param scratch arena of everything else; reset at the end of every block
   */
  public static Tape training(Backend backend, Arena kept, Arena scratch, KeepPlan plan) {
    return new Tape(backend, kept, scratch, plan, true);
  }

  /** The backend that computes. */
  public Backend backend() {
    return backend;
  }

  /** Scratch that is reset at the end of the present block. */
  public Arena scratch() {
    return scratch;
  }

  /** Whether a backward pass will follow. */
  public boolean recording() {
    return recording;
  }

  /**
   * Runs a node and records it.
   *
   * @param slot place of the output in its block
   * @param rows first dimension of the output
   * @param columns second dimension
   * @param trainable whether the node has trainable parameters of its own
   */
  public Var apply(Slot slot, long rows, long columns, boolean trainable, Node node) {
    return apply(slot, output(slot, rows, columns), trainable, node);
  }

  /**
   * Where the output of a node that is applied later lies: for what makes a part of several nodes'
   * outputs before.
   *
   * @return [rows, columns] F32 that holds nothing yet
   */
  public Tensor output(Slot slot, long rows, long columns) {
    Shape shape = Shape.of(rows, columns);
    return !recording && slot == Slot.RESIDUAL
        ? residuals.next(kept, shape)
        : Tensor.in(arena(slot), DType.F32, shape);
  }

  private Arena arena(Slot slot) {
    return slot == Slot.SOURCE || recording && plan.keeps(slot) ? kept : scratch;
  }

  /**
   * Runs a node and records it.
   *
   * @param out from {@link #output} of the same slot
   * @param trainable whether the node has trainable parameters of its own
   */
  public Var apply(Slot slot, Tensor out, boolean trainable, Node node) {
    boolean needsGradient = trainable;
    for (Var input : node.inputs()) {
      input.used();
      needsGradient |= input.needsGradient();
    }
    node.forward(out, arena(slot));
    if (slot == Slot.SOURCE) {
      residuals.forget();
    }
    Var var = new Var(this, out.shape(), slot, block, recording && needsGradient, node, out);
    if (recording) {
      vars.add(var);
    }
    return var;
  }

  /** Ends a block: what is not kept is gone. */
  public void endBlock() {
    if (recording) {
      dropWhatIsNotKept();
    }
    scratch.reset();
    block++;
  }

  /** Forgets the values of the present block that lie in scratch. */
  private void dropWhatIsNotKept() {
    for (int i = vars.size() - 1; i >= 0 && vars.get(i).block() == block; i--) {
      if (!plan.keeps(vars.get(i).slot())) {
        vars.get(i).drop();
      }
    }
  }

  /**
   * Plays the tape backward from one value and adds to the gradients of all parameters before it.
   *
   * @param output a value of the last block
   * @param dOutput gradient with respect to it; must not lie in this tape's scratch
   */
  public void backward(Var output, Tensor dOutput) {
    if (!recording) {
      throw new IllegalStateException("Expected a tape made for training, got one for inference");
    }
    output.seed(dOutput);
    dropWhatIsNotKept(); // the last block's, which nothing has ended
    int last = vars.size() - 1;
    while (last >= 0) {
      block = vars.get(last).block();
      scratch.reset();
      int first = last;
      while (first > 0 && vars.get(first - 1).block() == block) {
        first--;
      }
      for (int i = last; i >= first; i--) {
        Var var = vars.get(i);
        if (var.slot() == Slot.SOURCE) {
          crossings.forget();
        }
        if (var.hasGradient()) {
          var.producer().backward(var, var.gradient());
        }
      }
      for (int i = first; i <= last; i++) {
        vars.get(i).drop();
        vars.get(i).dropGradient();
      }
      last = first - 1;
    }
    scratch.reset();
    vars.clear();
  }

  boolean inPresentBlock(Var var) {
    return var.block() == block;
  }

  Tensor recompute(Var var) {
    Tensor out = Tensor.in(scratch, DType.F32, var.shape());
    var.producer().forward(out, scratch);
    return out;
  }

  Tensor gradientStorage(Var var) {
    if (var.block() == block) {
      return Tensor.in(scratch, DType.F32, var.shape());
    }
    if (var.block() == block - 1) {
      return crossings.next(kept, var.shape());
    }
    return Tensor.in(kept, DType.F32, var.shape());
  }
}
