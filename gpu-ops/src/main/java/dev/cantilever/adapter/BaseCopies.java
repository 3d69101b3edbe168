package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tables and heads of the base, with a head's bias, that peft wrote beside an adapter. They add
 * nothing if they are what the base has; if not, the adapter belongs to another base than this,
 * which others share.
 */
final class BaseCopies {

  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  /** Elements that are compared at once. */
  private static final int ELEMENTS = 1 << 20;

  /** How far, relatively, a value may be from the base's if it was rounded to bf16 once. */
  private static final float ROUNDING = 0x1p-8f;

  /** How far a value near zero may be if it was rounded to f16: its smallest subnormal. */
  private static final float SMALLEST = 0x1p-24f;

  private BaseCopies() {}

  /**
   * Compares them with the model's.
   *
   * @throws CheckpointException if one differs in shape, or in a value by more than another 16-bit
   *     type explains
   */
  static void requireSame(Backend backend, AdapterDirectory source, AdapterTargets targets)
      throws IOException {
    Map<String, Tensor> held = new LinkedHashMap<>();
    for (EmbeddingTable table : targets.tables()) {
      held.put(table.name() + WEIGHT, table.values());
    }
    for (Linear head : targets.heads()) {
      if (head.weight() instanceof DenseWeight dense) {
        held.put(head.name() + WEIGHT, dense.values());
      }
      head.weight().bias().ifPresent(bias -> held.put(head.name() + BIAS, bias));
    }
    for (SavedTensor copy : source.copies().values()) {
      TensorEntry entry = source.file().entry(copy.name());
      Tensor base = held.get(copy.baseName());
      if (base == null) {
        throw different(source, copy, "which the model does not have");
      }
      if (!base.shape().equals(entry.shape())) {
        throw different(
            source,
            copy,
            "of shape %s where the base has %s".formatted(entry.shape(), base.shape()));
      }
      requireSame(backend, source, copy, entry, base);
    }
  }

  private static void requireSame(
      Backend backend, AdapterDirectory source, SavedTensor copy, TensorEntry entry, Tensor base)
      throws IOException {
    int columns = base.shape().rank() == 1 ? 1 : base.size(1);
    int rows = Math.max(1, ELEMENTS / columns);
    float[] found = new float[rows * columns];
    float[] expected = new float[rows * columns];
    for (int first = 0; first < base.size(0); first += rows) {
      int last = Math.min(base.size(0), first + rows);
      int count = (last - first) * columns;
      source.file().readFloats(entry, (long) first * columns, found, count);
      download(backend, expected, base.slice(first, last));
      for (int i = 0; i < count; i++) {
        if (!(Math.abs(found[i] - expected[i]) <= ROUNDING * Math.abs(expected[i]) + SMALLEST)) {
          throw different(
              source,
              copy,
              "with %s in row %d where the base has %s"
                  .formatted(found[i], first + i / columns, expected[i]));
        }
      }
    }
  }

  /** Reads values as F32. */
  private static void download(Backend backend, float[] to, Tensor from) {
    int count = Math.toIntExact(from.elements());
    HostMemory host = new HostMemory();
    long bytes = from.bytes();
    long address = host.allocate(bytes);
    try {
      backend.transfers().download(address, from);
      if (from.dtype() == DType.F32) {
        HostMemory.get(address, to, 0, count);
        return;
      }
      short[] bits = new short[count];
      HostMemory.get(address, bits, 0, count);
      if (from.dtype() == DType.F16) {
        HalfPrecision.f16ToF32(bits, to);
      } else {
        HalfPrecision.bf16ToF32(bits, to);
      }
    } finally {
      host.free(address, bytes);
    }
  }

  private static CheckpointException different(
      AdapterDirectory source, SavedTensor copy, String found) {
    return new CheckpointException(
        "%s: expected '%s' to be as the base has it, because neither modules_to_save nor a branch trains it, found it %s. Use the base this adapter was trained on, or merge the adapter into this one (cantilever merge), which takes the adapter's."
            .formatted(source.file().path(), copy.name(), found));
  }
}
