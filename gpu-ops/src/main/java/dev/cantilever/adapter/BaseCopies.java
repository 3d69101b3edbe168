package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Tables and heads of the base, with a head's bias, that peft wrote beside an adapter. They add
 * nothing if they are what the base has; if not, the adapter belongs to another base than this,
 * which others share. A head from whose own factors the adapter began came without them, as peft
 * leaves it: the difference says what they were.
 */
final class BaseCopies {

  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  /** How far, relatively, a value may be from the base's if it was rounded to bf16 once. */
  private static final double ROUNDING = 0x1p-8;

  /** How far a value near zero may be if it was rounded to f16: its smallest subnormal. */
  private static final double SMALLEST = 0x1p-24;

  private BaseCopies() {}

  /**
   * Compares them with the model's, but for the values of a head that came without its factors.
   *
   * @throws CheckpointException if one differs in shape, or in a value by more than another 16-bit
   *     type explains; or if that head is a table too
   */
  static void requireSame(Backend backend, AdapterDirectory source, AdapterTargets targets)
      throws IOException {
    Map<String, Tensor> held = held(targets);
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
    }
    requireApart(source, targets); // else values differ for that reason
    for (SavedTensor copy : source.copies().values()) {
      Tensor base = held.get(copy.baseName());
      if (base != null && !isTakenOff(source, copy)) {
        requireSame(
            source,
            copy,
            new CopiedTensor(backend, source, copy, base),
            new LowRankFactors(new double[0], new double[0]));
      }
    }
  }

  /** Refuses a head whose beginning peft took off a table too, since both are one tensor. */
  private static void requireApart(AdapterDirectory source, AdapterTargets targets) {
    Optional<String> head =
        targets
            .headTargets()
            .map(LoraTarget::path)
            .filter(source.modules()::containsKey)
            .findFirst();
    if (source.config().init().changesBase() && targets.tied() && head.isPresent()) {
      throw new CheckpointException(
          "%s: expected 'init_lora_weights' %s on layers with a weight of their own, found it on '%s', which is the embedding of tokens as well: what the branch began from is taken off both. Merge the adapter into its base (cantilever merge)."
              .formatted(source.file().path(), source.config().init().text(), head.get()));
    }
  }

  private static Map<String, Tensor> held(AdapterTargets targets) {
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
    return held;
  }

  /** Whether it is of a linear layer with a branch that began from the base's factors. */
  private static boolean isTakenOff(AdapterDirectory source, SavedTensor copy) {
    return source.config().init().changesBase()
        && source.modules().values().stream()
            .anyMatch(
                module -> !module.embedding() && copy.baseName().equals(module.path() + WEIGHT));
  }

  /**
   * What a branch began from, by a copy of its layer that came without it.
   *
   * @param rank R
   * @return B·A, or nothing if the file has no copy of that layer
   * @throws CheckpointException if the copy and these factors are not the base, by more than a
   *     16-bit type explains
   */
  static Optional<LowRankFactors> takenOff(
      Backend backend, AdapterDirectory source, LoraTarget target, int rank) throws IOException {
    SavedTensor copy = source.copies().get(target.path() + WEIGHT);
    if (copy == null || !(target.linear().weight() instanceof DenseWeight dense)) {
      return Optional.empty();
    }
    CopiedTensor beside = new CopiedTensor(backend, source, copy, dense.values());
    LowRankFactors factors = beside.lacking(rank);
    requireSame(source, copy, beside, factors);
    return Optional.of(factors);
  }

  private static void requireSame(
      AdapterDirectory source, SavedTensor copy, CopiedTensor beside, LowRankFactors taken)
      throws IOException {
    int columns = beside.columns();
    beside.forEachBand(
        (first, count, copied, base) -> {
          for (int i = 0; i < count; i++) {
            double off = taken.product(first + i / columns, i % columns, columns);
            double room = ROUNDING * (Math.abs(base[i]) + Math.abs(off)) + SMALLEST;
            if (!(Math.abs(copied[i] - (base[i] - off)) <= room)) {
              throw different(
                  source,
                  copy,
                  "with %s in row %d where the base has %s"
                      .formatted(copied[i], first + i / columns, base[i]));
            }
          }
        });
  }

  private static CheckpointException different(
      AdapterDirectory source, SavedTensor copy, String found) {
    String expected =
        isTakenOff(source, copy)
            ? "what the base has less what its branch began from, because 'init_lora_weights' is "
                + source.config().init().text()
            : "as the base has it, because neither modules_to_save nor a branch trains it";
    return new CheckpointException(
        "%s: expected '%s' to be %s, found it %s. Use the base this adapter was trained on, or merge the adapter into this one (cantilever merge), which takes the adapter's."
            .formatted(source.file().path(), copy.name(), expected, found));
  }
}
