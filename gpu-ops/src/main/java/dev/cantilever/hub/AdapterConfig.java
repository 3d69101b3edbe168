package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The settings of a LoRA adapter, as peft keeps them in {@code adapter_config.json}.
 *
 * @param ranks rank and scale of each module's branch
 * @param loraDropout the chance that an adapter input is dropped in training, in [0, 1)
 * @param modules which modules it changes
 * @param useDora whether each output of base and branch together is brought to a length of its own
 *     (DoRA, Liu et al. 2024)
 * @param bias which biases it changes
 * @param init how fresh matrices begin
 * @param fanInFanOut whether the base weights are stored {@code [in, out]} (GPT-2)
 * @param taskType what the adapted model is for
 * @param baseModelNameOrPath where the base came from; empty if unsaid
 */
public record AdapterConfig(
    LoraRanks ranks,
    double loraDropout,
    ModuleSelection modules,
    boolean useDora,
    LoraBias bias,
    LoraInit init,
    boolean fanInFanOut,
    TaskType taskType,
    String baseModelNameOrPath) {

  /** The file's name in an adapter directory. */
  public static final String FILE = "adapter_config.json";

  public AdapterConfig {
    if (!(loraDropout >= 0 && loraDropout < 1)) {
      throw new CheckpointException(
          "Expected 'lora_dropout' in [0, 1), found %s. Correct the adapter's settings."
              .formatted(loraDropout));
    }
    if (useDora && init.changesBase()) {
      throw new CheckpointException(
          "Expected 'use_dora' without 'init_lora_weights' %s, which changes the base that lengths are taken of. Use one of them."
              .formatted(init.text()));
    }
    if (init.changesBase()) {
      ranks.doubled(); // must be possible when it is saved
    }
  }

  /** An adapter without dropout, with the scale {@code alpha / r}. */
  public static AdapterConfig of(
      int r, double loraAlpha, TargetModules targetModules, TaskType taskType) {
    return new AdapterConfig(
        LoraRanks.of(r, loraAlpha),
        0,
        ModuleSelection.of(targetModules),
        false,
        LoraBias.NONE,
        LoraInit.DEFAULT,
        false,
        taskType,
        "");
  }

  /**
   * Reads {@code adapter_config.json}. Keys that are not supported are ignored when they are null,
   * false, empty or at peft's default, and refused when they ask for something.
   *
   * @param directory the adapter directory
   * @throws CheckpointException if the file is missing or asks for what is not supported
   */
  public static AdapterConfig read(Path directory) throws IOException {
    return new AdapterConfigReader(directory.resolve(FILE)).read();
  }

  /** Writes {@code adapter_config.json} as peft 0.21.0 does, atomically. */
  public void write(Path directory) throws IOException {
    AdapterConfigWriter.write(directory.resolve(FILE), this);
  }

  /** The rank of a module's branch. */
  public int rank(String modulePath) {
    return ranks.rank(modulePath);
  }

  /** The factor of {@code B A x} of a module's branch. */
  public double scale(String modulePath) {
    return ranks.scale(modulePath);
  }

  /** This adapter over another base. */
  public AdapterConfig withBaseModel(String nameOrPath) {
    return with(ranks, modules, init, fanInFanOut, nameOrPath);
  }

  /** This adapter over a base whose weights are stored {@code [in, out]}, or are not. */
  public AdapterConfig withFanInFanOut(boolean transposed) {
    return with(ranks, modules, init, transposed, baseModelNameOrPath);
  }

  /** This adapter on other modules. */
  public AdapterConfig withModules(ModuleSelection others) {
    return with(ranks, others, init, fanInFanOut, baseModelNameOrPath);
  }

  /**
   * As an adapter over the base as it is, of one that began by taking its product off the base:
   * with what it began from subtracted in as many ranks again.
   */
  public AdapterConfig overUnchangedBase() {
    return with(ranks.doubled(), modules, LoraInit.DEFAULT, fanInFanOut, baseModelNameOrPath);
  }

  private AdapterConfig with(
      LoraRanks newRanks,
      ModuleSelection newModules,
      LoraInit newInit,
      boolean newFanInFanOut,
      String newBase) {
    return new AdapterConfig(
        newRanks,
        loraDropout,
        newModules,
        useDora,
        bias,
        newInit,
        newFanInFanOut,
        taskType,
        newBase);
  }
}
