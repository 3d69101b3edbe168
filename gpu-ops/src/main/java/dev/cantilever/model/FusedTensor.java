package dev.cantilever.model;

import dev.cantilever.hub.LinearStorage;
import dev.cantilever.tensor.Shape;
import java.util.List;

/**
 * One tensor made of the tensors of one or more modules, stacked along the outputs.
 *
 * @param modules in the order of their outputs
 * @param suffix what the modules' tensors are called, with its dot
 * @param inner size of the second axis; 0 where there is none
 */
record FusedTensor(List<LinearPart> modules, String suffix, int inner) {

  /** Copies the list. */
  FusedTensor {
    modules = List.copyOf(modules);
  }

  int parts() {
    return modules.size();
  }

  /** The checkpoint's name of a part. */
  String name(int part) {
    return modules.get(part).path() + suffix;
  }

  int width(int part) {
    return modules.get(part).width();
  }

  LinearStorage storage(int part) {
    return modules.get(part).storage();
  }

  /** The shape that a part has in a checkpoint. */
  Shape storedShape(int part) {
    return storage(part).stored(shape((long) width(part)));
  }

  /** The shape of the whole. */
  Shape shape() {
    return shape(modules.stream().mapToLong(LinearPart::width).sum());
  }

  private Shape shape(long rows) {
    return inner == 0 ? Shape.of(rows) : Shape.of(rows, inner);
  }
}
