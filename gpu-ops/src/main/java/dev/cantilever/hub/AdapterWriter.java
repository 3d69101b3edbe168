package dev.cantilever.hub;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes a LoRA adapter in peft's layout, the bytes that peft 0.21.0 writes: weights in F32 with
 * the adapter's name left out, and the full {@code adapter_config.json}.
 *
 * <p>Both files appear at {@link #finish}, the weights first; each is replaced atomically. To have
 * a whole directory appear at once, write into a {@link StagedDirectory}.
 */
public final class AdapterWriter implements AutoCloseable {
  private final Path directory;
  private final AdapterConfig config;
  private final SafetensorsWriter writer;

  private AdapterWriter(Path directory, AdapterConfig config, SafetensorsWriter writer) {
    this.directory = directory;
    this.config = config;
    this.writer = writer;
  }

  /**
   * Begins an adapter.
   *
   * @param directory created if it is not there
   * @param modules every module that carries a branch; each must match the config's targets
   */
  public static AdapterWriter create(Path directory, AdapterConfig config, List<LoraModule> modules)
      throws IOException {
    return create(directory, config, modules, Map.of());
  }

  /**
   * Begins an adapter that holds tensors whole as well.
   *
   * @param saved their shapes
   */
  public static AdapterWriter create(
      Path directory, AdapterConfig config, List<LoraModule> modules, Map<SavedTensor, Shape> saved)
      throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (LoraModule module : modules) {
      if (!config.modules().matches(module.path())) {
        throw new CheckpointException(
            "%s: expected only modules that target_modules %s matches, found '%s'. Correct one."
                .formatted(directory, config.modules().targets(), module.path()));
      }
      specs.add(module.specA(config.rank(module.path())));
      specs.add(module.specB(config.rank(module.path())));
      if (config.useDora()) {
        specs.add(module.specMagnitude());
      }
    }
    if (specs.isEmpty()) {
      throw new CheckpointException(
          "%s: expected at least one module to write, found none that target_modules %s matches."
                  .formatted(directory, config.modules().targets())
              + " Check the target modules.");
    }
    saved.forEach((tensor, shape) -> specs.add(new TensorSpec(tensor.name(), DType.F32, shape)));
    Files.createDirectories(directory);
    return new AdapterWriter(
        directory,
        config,
        SafetensorsWriter.create(directory.resolve(WeightFormat.SAFETENSORS.adapter()), specs));
  }

  /** Supplies A of a module, {@code [r, in]} row-major. */
  public void writeA(LoraModule module, float[] values) throws IOException {
    writer.write(module.nameA(), values);
  }

  /** Supplies B of a module, {@code [out, r]} row-major. */
  public void writeB(LoraModule module, float[] values) throws IOException {
    writer.write(module.nameB(), values);
  }

  /** Supplies DoRA's lengths of a module's outputs, {@code [out]}. */
  public void writeMagnitude(LoraModule module, float[] values) throws IOException {
    writer.write(module.nameMagnitude(), values);
  }

  /** Supplies a tensor that is held whole, row-major. */
  public void write(SavedTensor tensor, float[] values) throws IOException {
    writer.write(tensor.name(), values);
  }

  /**
   * Puts both files under their names.
   *
   * @throws CheckpointException if a matrix has not been supplied whole; nothing is published
   */
  public void finish() throws IOException {
    writer.finish();
    config.write(directory);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
