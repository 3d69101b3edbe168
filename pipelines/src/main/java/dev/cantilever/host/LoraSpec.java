package dev.cantilever.host;

import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LayerSelection;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraRanks;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.recipe.UsageException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The section {@code lora}: the adapter that a run trains, in peft's terms.
 *
 * @param r rank
 * @param alpha numerator of the scale {@code alpha / r}
 * @param dropout on the adapter's input, in supervised fine-tuning only: RL passes have none
 * @param targetModules names of the layers that carry a branch, or {@code all-linear} alone, or
 *     {@code regex:} and a regular expression for whole paths alone; embeddings of tokens and the
 *     output head where they are named
 * @param useRslora scale {@code alpha / sqrt(r)} instead
 * @param excludeModules names of linear layers that carry none all the same, or {@code regex:...}
 * @param layersToTransform layers in which branches are; empty for all
 * @param layersPattern names of the list of layers, where a model has several
 * @param rankPattern other ranks, each as {@code pattern=rank} with an expression for a path's end
 * @param alphaPattern other numerators, likewise
 * @param useDora whether lengths of outputs are trained apart from their directions (DoRA)
 * @param bias which biases are trained: none, lora_only for those of the layers with branches, or
 *     all, norms' among them
 * @param modulesToSave modules that are trained and kept whole: the output head, embeddings, norms,
 *     linear layers, by the ends of their paths
 * @param initLoraWeights how matrices begin: default, random, gaussian, pissa, pissa_niter_N or
 *     olora
 */
public record LoraSpec(
    int r,
    double alpha,
    double dropout,
    List<String> targetModules,
    boolean useRslora,
    List<String> excludeModules,
    List<Integer> layersToTransform,
    List<String> layersPattern,
    List<String> rankPattern,
    List<String> alphaPattern,
    boolean useDora,
    String bias,
    List<String> modulesToSave,
    String initLoraWeights)
    implements Serializable {

  private static final String ALL_LINEAR = "all-linear";
  private static final String REGEX = "regex:";

  /** peft's true and false, which would not be text. */
  private static final Map<String, String> INITIALISATIONS =
      Map.of("default", "true", "random", "false");

  /** The seed's numbers, rank 16 and alpha 32, without dropout, on every linear layer. */
  public static LoraSpec defaults() {
    return new LoraSpec(16, 32, 0, List.of(ALL_LINEAR), false);
  }

  /** A plain adapter. */
  public LoraSpec(
      int r, double alpha, double dropout, List<String> targetModules, boolean useRslora) {
    this(
        r,
        alpha,
        dropout,
        targetModules,
        useRslora,
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        false,
        LoraBias.NONE.text(),
        List.of(),
        "default");
  }

  /** Checks ranges and patterns and copies the lists. */
  public LoraSpec {
    targetModules = List.copyOf(targetModules);
    excludeModules = List.copyOf(excludeModules);
    layersToTransform = List.copyOf(layersToTransform);
    layersPattern = List.copyOf(layersPattern);
    rankPattern = List.copyOf(rankPattern);
    alphaPattern = List.copyOf(alphaPattern);
    modulesToSave = List.copyOf(modulesToSave);
    if (r < 1 || !(alpha > 0) || !(dropout >= 0 && dropout < 1) || targetModules.isEmpty()) {
      throw new IllegalArgumentException(
          "expected r >= 1, alpha > 0, dropout in [0, 1) and at least one of target_modules, got r "
              + r
              + ", alpha "
              + alpha
              + ", dropout "
              + dropout
              + " and "
              + targetModules);
    }
    try {
      config(
          ranks(r, alpha, useRslora, rankPattern, alphaPattern),
          dropout,
          selection(targetModules, excludeModules, layersToTransform, layersPattern, modulesToSave),
          useDora,
          bias,
          initLoraWeights,
          TaskType.CAUSAL_LM,
          "");
    } catch (CheckpointException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /**
   * The adapter's settings as PEFT keeps them.
   *
   * @param task what the adapted model is for
   * @param base the base; the files name its directory without the path, which differs from machine
   *     to machine and would make equal runs differ
   */
  public AdapterConfig config(TaskType task, ModelRef base) {
    return config(task, base.name());
  }

  /** As for a base of this name. */
  public AdapterConfig config(TaskType task, String baseName) {
    return config(
        ranks(r, alpha, useRslora, rankPattern, alphaPattern),
        dropout,
        selection(targetModules, excludeModules, layersToTransform, layersPattern, modulesToSave),
        useDora,
        bias,
        initLoraWeights,
        task,
        baseName);
  }

  /**
   * Refuses an adapter that is not the reference itself, bit for bit, before its first step.
   *
   * @throws UsageException if there the KL would not be exactly 0
   */
  public void requireIdentity() {
    if (!initialisation(initLoraWeights).isIdentity()) {
      throw new UsageException(
          "expected lora.init_lora_weights default or gaussian in PPO, got "
              + initLoraWeights
              + ": a policy must begin as its reference, bit for bit, and this one does not."
              + " Use it in sft, and train PPO's own adapter over the result");
    }
  }

  private static AdapterConfig config(
      LoraRanks ranks,
      double dropout,
      ModuleSelection selection,
      boolean useDora,
      String bias,
      String init,
      TaskType task,
      String baseName) {
    return new AdapterConfig(
        ranks,
        dropout,
        selection,
        useDora,
        biases(bias),
        initialisation(init),
        false,
        task,
        baseName);
  }

  private static LoraRanks ranks(
      int r, double alpha, boolean useRslora, List<String> rankPattern, List<String> alphaPattern) {
    return new LoraRanks(
        r,
        alpha,
        useRslora,
        pattern("rank_pattern", rankPattern, Integer::valueOf),
        pattern("alpha_pattern", alphaPattern, Double::valueOf));
  }

  private static ModuleSelection selection(
      List<String> targets,
      List<String> excluded,
      List<Integer> layers,
      List<String> patterns,
      List<String> saved) {
    return new ModuleSelection(
        targets.equals(List.of(ALL_LINEAR)) ? new TargetModules.AllLinear() : modules(targets),
        excluded.isEmpty() ? new TargetModules.None() : modules(excluded),
        new LayerSelection(layers, patterns),
        saved);
  }

  private static TargetModules modules(List<String> names) {
    return names.size() == 1 && names.get(0).startsWith(REGEX)
        ? new TargetModules.Regex(names.get(0).substring(REGEX.length()))
        : new TargetModules.Names(names);
  }

  private static <T> Map<String, T> pattern(
      String key, List<String> entries, Function<String, T> value) {
    Map<String, T> pattern = new LinkedHashMap<>();
    for (String entry : entries) {
      int equals = entry.lastIndexOf('=');
      try {
        pattern.put(entry.substring(0, equals), value.apply(entry.substring(equals + 1)));
      } catch (IndexOutOfBoundsException | NumberFormatException e) {
        throw new IllegalArgumentException(
            "expected lora." + key + " to hold entries pattern=number, got " + entry, e);
      }
    }
    return pattern;
  }

  private static LoraBias biases(String text) {
    return Arrays.stream(LoraBias.values())
        .filter(bias -> bias.text().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected lora.bias none, lora_only or all, got " + text));
  }

  private static LoraInit initialisation(String text) {
    return LoraInit.of(INITIALISATIONS.getOrDefault(text, text))
        .filter(init -> init.scheme() != LoraInit.Scheme.EVA)
        .filter(init -> init.scheme() != LoraInit.Scheme.ORTHOGONAL)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "expected lora.init_lora_weights default, random, gaussian, pissa,"
                        + " pissa_niter_N or olora, got "
                        + text));
  }
}
