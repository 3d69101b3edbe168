package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
    List<TensorSpec> specs = new ArrayList<>();
    for (LoraModule module : modules) {
      if (!config.targetModules().matches(module.path())) {
        throw new CheckpointException(
            "%s: expected only modules that target_modules %s matches, found '%s'. Correct one."
                .formatted(directory, config.targetModules(), module.path()));
      }
      specs.add(module.specA(config.r()));
      specs.add(module.specB(config.r()));
    }
    if (specs.isEmpty()) {
      throw new CheckpointException(
          "%s: expected at least one module to write, found none that target_modules %s matches."
                  .formatted(directory, config.targetModules())
              + " Check the target modules.");
    }
    Files.createDirectories(directory);
    return new AdapterWriter(
        directory,
        config,
        SafetensorsWriter.create(directory.resolve(AdapterDirectory.WEIGHTS), specs));
  }

  /** Supplies A of a module, {@code [r, in]} row-major. */
  public void writeA(LoraModule module, float[] values) throws IOException {
    writer.write(module.nameA(), values);
  }

  /** Supplies B of a module, {@code [out, r]} row-major. */
  public void writeB(LoraModule module, float[] values) throws IOException {
    writer.write(module.nameB(), values);
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
