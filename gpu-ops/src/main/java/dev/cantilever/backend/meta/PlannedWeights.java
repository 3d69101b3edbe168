package dev.cantilever.backend.meta;

import dev.cantilever.backend.Capabilities;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Set;

/**
 * What the device planned for demands of weights besides their shapes: element types and int8 modes
 * that it declares, and int8 data of its own layout's size.
 */
final class PlannedWeights {

  private final DeviceProfile profile;

  PlannedWeights(DeviceProfile profile) {
    this.profile = profile;
  }

  /** Checks a weight, its bias included. */
  void weight(String op, Weight w) {
    if (w instanceof DenseWeight dense) {
      stored(op, dense.values());
    } else if (w instanceof Int8Weight int8) {
      int8(op, int8);
    }
    w.bias().ifPresent(bias -> stored(op, bias));
  }

  /** Checks a tensor that holds a weight, bias, norm or embedding as the checkpoint has it. */
  void stored(String op, Tensor t) {
    Capabilities capabilities = profile.capabilities();
    if (!capabilities.weightTypes().contains(t.dtype())) {
      throw new UnsupportedOpException(
          "%s: expected a weight of %s, the types that %s declares, got %s. Convert it on loading."
              .formatted(op, sorted(capabilities.weightTypes()), profile.device(), t));
    }
  }

  /** Checks an int8 weight's mode and the size of its data. */
  void int8(String op, Int8Weight w) {
    Capabilities capabilities = profile.capabilities();
    if (!capabilities.int8Modes().contains(w.mode())) {
      throw new UnsupportedOpException(
          "%s: expected an int8 weight of %s, the modes that %s declares, got %s. Set another mode."
              .formatted(op, sorted(capabilities.int8Modes()), profile.device(), w.mode()));
    }
    OpChecks.int8Data(op, w, profile.int8Layout().bytes(w.outFeatures(), w.inFeatures()));
  }

  private static <E extends Enum<E>> String sorted(Set<E> set) {
    return set.stream().sorted().toList().toString();
  }
}
