package dev.cantilever.model;

import dev.cantilever.tensor.Shape;
import java.util.List;

/**
 * One tensor made of the tensors of one or more modules, stacked along the outputs.
 *
 * @param modules in the order of their outputs
 * @param suffix what the modules' tensors are called, with its dot
 * @param widths outputs of each
 * @param inner size of the second axis; 0 where there is none
 */
record FusedTensor(List<String> modules, String suffix, List<Integer> widths, int inner) {

  /** Copies the lists. */
  FusedTensor {
    modules = List.copyOf(modules);
    widths = List.copyOf(widths);
  }

  int parts() {
    return modules.size();
  }

  /** The checkpoint's name of a part. */
  String name(int part) {
    return modules.get(part) + suffix;
  }

  Shape shape(int part) {
    return shape((long) widths.get(part));
  }

  /** The shape of the whole. */
  Shape shape() {
    return shape(widths.stream().mapToLong(Integer::longValue).sum());
  }

  private Shape shape(long rows) {
    return inner == 0 ? Shape.of(rows) : Shape.of(rows, inner);
  }
}
