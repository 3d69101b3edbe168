package dev.cantilever.autograd;

import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Two tensors used in turn, for a value of which only the newest and the one before are alive. */
final class Turns {

  private final @Nullable Tensor[] tensors = new Tensor[2];
  private int turn;

  /** The tensor that is not the newest, made first if there is none of that shape. */
  Tensor next(Arena arena, Shape shape) {
    turn = 1 - turn;
    Tensor tensor = tensors[turn];
    if (tensor == null || !tensor.shape().equals(shape)) {
      tensor = Tensor.in(arena, DType.F32, shape);
      tensors[turn] = tensor;
    }
    return tensor;
  }

  /** Leaves both to whoever has them: the next are new, whatever their shape. */
  void forget() {
    Arrays.fill(tensors, null);
  }
}
