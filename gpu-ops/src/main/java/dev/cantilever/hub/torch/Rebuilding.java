package dev.cantilever.hub.torch;

import dev.cantilever.hub.torch.PickleValue.Bool;
import dev.cantilever.hub.torch.PickleValue.Dict;
import dev.cantilever.hub.torch.PickleValue.Global;
import dev.cantilever.hub.torch.PickleValue.None;
import dev.cantilever.hub.torch.PickleValue.Storage;
import dev.cantilever.hub.torch.PickleValue.Text;
import dev.cantilever.hub.torch.PickleValue.Tuple;
import dev.cantilever.hub.torch.PickleValue.View;
import dev.cantilever.hub.torch.PickleValue.Whole;
import dev.cantilever.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/** What the names of {@link KnownGlobal} make of their arguments (PyTorch's {@code _utils.py}). */
final class Rebuilding {
  private static final int MAX_RANK = 16;

  private Rebuilding() {}

  /** Makes what a call of a name would make. */
  static PickleValue call(KnownGlobal name, List<PickleValue> arguments) {
    return switch (name) {
      case ORDERED_DICT -> {
        if (!arguments.isEmpty()) {
          throw wrong("OrderedDict to be made empty and filled");
        }
        yield new Dict();
      }
      case REBUILD_TENSOR -> tensor(arguments);
      case REBUILD_TENSOR_WITH_TYPE -> typedTensor(arguments);
      case REBUILD_PARAMETER -> argument(arguments, 0, View.class);
      default -> throw wrong("calls of functions that rebuild tensors, not of " + name);
    };
  }

  /** Makes a storage of its persistent id: ("storage", type, key, location, elements). */
  static Storage storage(List<PickleValue> id) {
    KnownGlobal name = argument(id, 1, Global.class).name();
    DType type =
        name.storageType().orElseThrow(() -> wrong("a type of storage in a persistent id"));
    long elements = argument(id, 4, Whole.class).value();
    if (!argument(id, 0, Text.class).value().equals("storage") || id.size() != 5 || elements < 0) {
      throw wrong("persistent ids of storages with their number of elements");
    }
    argument(id, 3, Text.class); // the device it was on
    return new Storage(
        argument(id, 2, Text.class).value(), type, name == KnownGlobal.UNTYPED_STORAGE, elements);
  }

  /** (storage, offset, sizes, strides, requires grad, hooks, and perhaps metadata). */
  private static View tensor(List<PickleValue> arguments) {
    Storage storage = argument(arguments, 0, Storage.class);
    if (arguments.size() > 6) {
      requirePlain(arguments.get(6));
    }
    if (storage.untyped() || arguments.size() < 6 || arguments.size() > 7) {
      throw wrong("a tensor of a typed storage with 6 or 7 arguments");
    }
    return view(arguments, storage, storage.type());
  }

  /** (storage, offset, sizes, strides, requires grad, hooks, type, and perhaps metadata). */
  private static View typedTensor(List<PickleValue> arguments) {
    Storage storage = argument(arguments, 0, Storage.class);
    KnownGlobal name = argument(arguments, 6, Global.class).name();
    DType type = name.elementType().orElseThrow(() -> wrong("a tensor's element type"));
    if (arguments.size() > 7) {
      requirePlain(arguments.get(7));
    }
    if (!storage.untyped() || arguments.size() > 8) {
      throw wrong("a tensor of an untyped storage with 7 or 8 arguments");
    }
    return view(arguments, storage, type);
  }

  private static View view(List<PickleValue> arguments, Storage storage, DType type) {
    argument(arguments, 4, Bool.class);
    argument(arguments, 5, Dict.class);
    return new View(
        storage,
        type,
        argument(arguments, 1, Whole.class).value(),
        numbers(argument(arguments, 2, Tuple.class)),
        numbers(argument(arguments, 3, Tuple.class)));
  }

  /** Metadata say that a tensor is to be conjugated or negated when it is read. */
  private static void requirePlain(PickleValue metadata) {
    boolean none =
        metadata instanceof None || metadata instanceof Dict dict && dict.items().isEmpty();
    if (!none) {
      throw wrong("tensors without metadata");
    }
  }

  private static List<Long> numbers(Tuple tuple) {
    if (tuple.items().size() > MAX_RANK) {
      throw wrong("tensors of at most %d dimensions".formatted(MAX_RANK));
    }
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < tuple.items().size(); i++) {
      numbers.add(argument(tuple.items(), i, Whole.class).value());
    }
    return numbers;
  }

  private static <T extends PickleValue> T argument(
      List<PickleValue> arguments, int index, Class<T> type) {
    if (index >= arguments.size() || !type.isInstance(arguments.get(index))) {
      throw TorchFormatException.damaged(
          "a %s as argument %d of what rebuilds a tensor".formatted(type.getSimpleName(), index),
          index >= arguments.size() ? "none" : "a " + arguments.get(index).kind());
    }
    return type.cast(arguments.get(index));
  }

  private static TorchFormatException wrong(String expected) {
    return TorchFormatException.damaged(expected + " in the pickle", "something else");
  }
}
