package dev.cantilever.backend.meta;

import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One operation with arguments that it accepts, and from these the ones that it must refuse: each
 * argument in turn with an axis one shorter, with an axis more or less, or of another element type.
 *
 * @param op name that a refusal begins with
 * @param arguments tensors by name
 * @param call the operation
 */
record OpCase(String op, List<Argument> arguments, Call call) {

  /** What is done with the tensors of a case. */
  interface Call {
    void run(MetaBackend backend, Map<String, Tensor> tensors);
  }

  /**
   * A tensor argument.
   *
   * @param name as in the operation's signature
   * @param free axes whose length no other argument states
   * @param flat whether only the number of elements counts
   */
  record Argument(String name, DType type, List<Long> dims, List<Integer> free, boolean flat) {

    static Argument of(String name, DType type, long... dims) {
      return new Argument(name, type, Shape.of(dims).dims(), List.of(), false);
    }

    static Argument flat(String name, DType type, long... dims) {
      return new Argument(name, type, Shape.of(dims).dims(), List.of(), true);
    }

    /** The same argument, its axis {@code axis} of any length. */
    Argument free(Integer axis) {
      List<Integer> axes = new ArrayList<>(free);
      axes.add(axis);
      return new Argument(name, type, dims, axes, flat);
    }

    private Argument with(DType otherType, List<Long> otherDims) {
      return new Argument(name, otherType, otherDims, free, flat);
    }

    private List<Argument> wrong() {
      List<Argument> wrong = new ArrayList<>();
      wrong.add(with(DType.I16, dims));
      for (int axis = 0; axis < dims.size(); axis++) {
        if (!free.contains(axis)) {
          List<Long> shorter = new ArrayList<>(dims);
          shorter.set(axis, dims.get(axis) - 1);
          wrong.add(with(type, shorter));
        }
      }
      if (!flat) {
        List<Long> deeper = new ArrayList<>(dims);
        deeper.add(1L);
        wrong.add(with(type, deeper));
        for (int rank = 0; rank < dims.size(); rank++) {
          wrong.add(with(type, dims.subList(0, rank)));
        }
      }
      return wrong;
    }
  }

  /** Runs the operation on arguments it accepts. */
  void accepted(MetaBackend backend, Arena arena) {
    run(backend, arena, arguments);
  }

  /** The same operation, each time with one argument wrong. */
  List<OpCase> refused() {
    List<OpCase> cases = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      for (Argument wrong : arguments.get(i).wrong()) {
        List<Argument> changed = new ArrayList<>(arguments);
        changed.set(i, wrong);
        cases.add(new OpCase(op, changed, call));
      }
    }
    return cases;
  }

  /** What a refusal says first: the operation and, where shapes are at stake, an argument. */
  String refusal() {
    boolean shaped = arguments.stream().anyMatch(argument -> !argument.flat());
    String names = arguments.stream().map(Argument::name).collect(Collectors.joining("|"));
    return op + ": expected " + (shaped ? "(" + names + ") " : "") + ".*, got .*";
  }

  private void run(MetaBackend backend, Arena arena, List<Argument> list) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Argument argument : list) {
      tensors.put(argument.name(), Tensor.in(arena, argument.type(), new Shape(argument.dims())));
    }
    call.run(backend, tensors);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(op);
    for (Argument argument : arguments) {
      text.append(' ').append(argument.name()).append(argument.type()).append(argument.dims());
    }
    return text.toString();
  }
}
