package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.EightBitSettings;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Where the tensors of a model come from, by the checkpoint's names: its files, or a seed where
 * there are none. One loader serves both.
 */
public abstract sealed class WeightSource
    permits CheckpointWeights, MergedWeights, SyntheticWeights {

  private final ModelConfig config;

  WeightSource(ModelConfig config) {
    this.config = config;
  }

  /** The weights of a checkpoint, which the caller keeps open while they are loaded. */
  public static WeightSource of(ModelDirectory directory) {
    return of(directory, bytes -> {});
  }

  /**
   * The weights of a checkpoint, whose loading somebody watches.
   *
   * @param read told of bytes of weights as they have been read, by several threads
   */
  public static WeightSource of(ModelDirectory directory, LongConsumer read) {
    return new CheckpointWeights(directory, true, read);
  }

  /**
   * Random weights made on the device, for models of which only {@code config.json} is there. They
   * are those of a freshly initialised transformer (GPT-2, Radford et al. 2019, section 2.3, and
   * Megatron-LM): standard deviation 0.02, that of the projections which write to the residual
   * stream divided by √(2·layers), so that the stream's variance does not grow with depth; the
   * scale of a norm is 1, and in one to six columns of models of 1,024 dimensions or more it is 8,
   * so that LLM.int8() meets the outliers that real models have. All else, biases and shifts of
   * norms too, is drawn, so that no part of the model is without effect. The distribution is
   * uniform, in √3 deviations around 0.
   *
   * <p>What is not quantised is stored in the type that the config names, else in F16. Weights in 8
   * bit are drawn as integers, without a 16-bit form: every row has the same absmax, chosen for the
   * deviation above. Every tensor has a key of its own, from the seed and its name; a layer fused
   * of several modules is, in 8 bit, one tensor by the name of its first.
   *
   * @throws CheckpointException if the family is unknown or the config asks for what is not
   *     computed here
   */
  public static WeightSource synthetic(ModelConfig config, long seed) {
    return new SyntheticWeights(config, seed);
  }

  /**
   * Names, shapes and types of what a merge will make of these, for planning its load.
   *
   * @param changed modules that the merged adapter has branches of or holds whole
   */
  public final WeightSource merged(ModuleSelection changed) {
    return new MergedWeights(this, changed);
  }

  /** How the checkpoint has been quantised to 8 bit, if it has. */
  Optional<EightBitSettings> eightBit() {
    return Optional.empty();
  }

  /** The model's description. */
  public ModelConfig config() {
    return config;
  }

  /** The same names, shapes and types, but nothing is read: for planning a load. */
  public abstract WeightSource withoutData();

  /** What messages name: a directory or a config file. */
  abstract Path path();

  /** The file at fault where a tensor is. */
  abstract Path file(String name);

  /**
   * Refuses a model without a tensor.
   *
   * @throws CheckpointException if it is not there
   */
  abstract void require(String name);

  /** Whether a tensor is there. */
  abstract boolean has(String name);

  /**
   * Requires two stored tensors, which the model has as one, to have the same contents.
   *
   * @param otherwise what to do where they differ
   * @throws CheckpointException if they differ
   */
  abstract void requireSame(String name, String other, String otherwise) throws IOException;

  /**
   * Whether two stored tensors have the same contents, which says how large a model is: they are
   * read for a plan as well, but once for all that is done with this source.
   */
  abstract boolean isSame(String name, String other) throws IOException;

  /**
   * The type a tensor is stored in.
   *
   * @param shape in the checkpoint
   * @throws CheckpointException if it is missing or has another shape
   */
  abstract DType dtype(String name, Shape shape);

  /**
   * Fills a tensor of the type and shape asked for before.
   *
   * @param storage how a checkpoint keeps it
   */
  abstract void fill(Backend to, Tensor target, String name, LinearStorage storage, WeightRole role)
      throws IOException;

  /** Whether a matrix, or some part of it, is stored as 8-bit rows. */
  abstract boolean storedInt8(FusedTensor matrix);

  /**
   * Fills an 8-bit weight with the integers and scales that are {@link #storedInt8 stored}.
   *
   * @throws CheckpointException if a part is stored otherwise
   */
  abstract void fillStoredInt8(Backend to, Int8Weight target, FusedTensor matrix)
      throws IOException;

  /** Says what was not used, now that a model is loaded. */
  abstract void reportUnused();

  /** Fills integers and scales of an 8-bit weight from values that are not. */
  abstract void fillInt8(
      Backend to, Int8Weight target, FusedTensor matrix, WeightRole role, DType stored)
      throws IOException;

  /**
   * Fills the parts of a fused tensor, those stored in another type converted, which is exact: the
   * tensor is then F32.
   */
  final void fill(Backend to, Tensor target, FusedTensor fused, WeightRole role)
      throws IOException {
    long row = 0;
    for (int part = 0; part < fused.parts(); part++) {
      long end = row + fused.width(part);
      Tensor rows = target.slice(row, end);
      DType stored = dtype(fused.name(part), fused.storedShape(part));
      if (stored == target.dtype()) {
        fill(to, rows, fused.name(part), fused.storage(part), role);
      } else {
        fillConverted(to, rows, stored, fused, part, role);
      }
      row = end;
    }
  }

  private void fillConverted(
      Backend to, Tensor rows, DType stored, FusedTensor fused, int part, WeightRole role)
      throws IOException {
    try (Arena staging = to.budget().open("converting " + fused.name(part), Purpose.WORKSPACE)) {
      Tensor values = Tensor.in(staging, stored, rows.shape());
      fill(to, values, fused.name(part), fused.storage(part), role);
      to.transfers().convert(rows, values);
    } // what is enqueued here comes before all that may have these bytes next
  }
}
