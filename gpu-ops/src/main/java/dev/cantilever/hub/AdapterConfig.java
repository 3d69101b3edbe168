package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The settings of a LoRA adapter, as peft keeps them in {@code adapter_config.json}.
 *
 * @param r the rank, at least 1
 * @param loraAlpha the numerator of the scale, above 0
 * @param loraDropout the chance that an adapter input is dropped in training, in [0, 1)
 * @param targetModules which linear layers carry a branch
 * @param useRslora whether the scale is {@code alpha / sqrt(r)} instead of {@code alpha / r}
 * @param fanInFanOut whether the base weights are stored {@code [in, out]} (GPT-2)
 * @param taskType what the adapted model is for
 * @param baseModelNameOrPath where the base came from; empty if unsaid
 */
public record AdapterConfig(
    int r,
    double loraAlpha,
    double loraDropout,
    TargetModules targetModules,
    boolean useRslora,
    boolean fanInFanOut,
    TaskType taskType,
    String baseModelNameOrPath) {

  /** The file's name in an adapter directory. */
  public static final String FILE = "adapter_config.json";

  public AdapterConfig {
    require(r >= 1, "'r' of at least 1", r);
    require(loraAlpha > 0 && Double.isFinite(loraAlpha), "'lora_alpha' above 0", loraAlpha);
    require(loraDropout >= 0 && loraDropout < 1, "'lora_dropout' in [0, 1)", loraDropout);
  }

  /** An adapter without dropout, with the scale {@code alpha / r}. */
  public static AdapterConfig of(
      int r, double loraAlpha, TargetModules targetModules, TaskType taskType) {
    return new AdapterConfig(r, loraAlpha, 0, targetModules, false, false, taskType, "");
  }

  /**
   * Reads {@code adapter_config.json}. Keys that are not supported are ignored when they are null,
   * false, empty or at peft's default, and refused when they ask for something.
   *
   * @param directory the adapter directory
   * @throws CheckpointException if the file is missing or asks for what is not supported
   */
  public static AdapterConfig read(Path directory) throws IOException {
    return AdapterConfigFile.read(directory.resolve(FILE));
  }

  /** Writes {@code adapter_config.json} as peft 0.21.0 does, atomically. */
  public void write(Path directory) throws IOException {
    AdapterConfigFile.write(directory.resolve(FILE), this);
  }

  /** This adapter over another base. */
  public AdapterConfig withBaseModel(String nameOrPath) {
    return new AdapterConfig(
        r, loraAlpha, loraDropout, targetModules, useRslora, fanInFanOut, taskType, nameOrPath);
  }

  /** This adapter over a base whose weights are stored {@code [in, out]}, or are not. */
  public AdapterConfig withFanInFanOut(boolean transposed) {
    return new AdapterConfig(
        r,
        loraAlpha,
        loraDropout,
        targetModules,
        useRslora,
        transposed,
        taskType,
        baseModelNameOrPath);
  }

  /** This adapter with another dropout. */
  public AdapterConfig withDropout(double dropout) {
    return new AdapterConfig(
        r,
        loraAlpha,
        dropout,
        targetModules,
        useRslora,
        fanInFanOut,
        taskType,
        baseModelNameOrPath);
  }

  /** The factor of {@code B A x}: {@code alpha / r}, or {@code alpha / sqrt(r)} with rslora. */
  public double scale() {
    return loraAlpha / (useRslora ? Math.sqrt(r) : r);
  }

  private static void require(boolean holds, String expected, Object found) {
    if (!holds) {
      throw new CheckpointException(
          "Expected %s, found %s. Correct the adapter's settings.".formatted(expected, found));
    }
  }
}
