package dev.cantilever.cli;

import static java.util.stream.Collectors.toSet;

import dev.cantilever.backend.DeviceException;
import dev.cantilever.parity.Int8Parity;
import dev.cantilever.parity.Int8ParityReport;
import dev.cantilever.parity.ModelParity;
import dev.cantilever.parity.ModelParityReport;
import dev.cantilever.parity.PpoParity;
import dev.cantilever.parity.PpoParityReport;
import dev.cantilever.parity.PpoPrecision;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.run.RunSpec;
import dev.cantilever.train.RecipeSections;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code parity}: reference fixtures through a backend, and how far it is from them. */
final class ParityCommand {

  @Parameters(
      paramLabel = "DIR",
      description = "folders of model fixtures: a checkpoint with golden.safetensors",
      arity = "0..*")
  private List<Path> models = List.of();

  @Option(
      names = "--ppo",
      paramLabel = "DIR",
      description = "folder of the PPO fixture: golden.json and golden.safetensors")
  private @Nullable Path ppo;

  @Option(
      names = "--int8",
      paramLabel = "DIR",
      description = "folder of the fixture of 8-bit linear layers")
  private @Nullable Path int8;

  private ParityCommand() {}

  static Command command() {
    ParityCommand command = new ParityCommand();
    return Command.builder(
            "parity fixtures/gpt_neox fixtures/distilbert_cls --ppo fixtures/ppo", command::run)
        .recipe(RecipeSections.all(), "run")
        .options(CommonOption.BACKEND, CommonOption.BUDGET)
        .arguments(command)
        .build();
  }

  /** Runs one fixture and puts what was measured. */
  private interface Measurement {
    void into(FixtureResult result) throws IOException;
  }

  private CommandResult run(CommandContext context) {
    if (models.isEmpty() && ppo == null && int8 == null) {
      throw new UsageException(
          "expected a fixture: a model's DIR, --ppo DIR or --int8 DIR, found none; name one");
    }
    List<Path> folders = modelFolders();
    requireDifferentNames(folders);
    RunSpec run = context.recipe().section("run", RunSpec.class);
    long budget = run.deviceBudget().bytes();
    LoadLine loads = new LoadLine(context.console());
    List<FixtureResult> results = new ArrayList<>();
    for (Path folder : folders) {
      measure(
          context,
          results,
          folder,
          result -> putModel(result, ModelParity.run(folder, run.backend(), budget, loads)),
          List.of(
              "logits_max_abs",
              "greedy_equal",
              "adapter_logits_max_abs",
              "merged_logits_max_abs",
              "adapter_loss_abs",
              "grad_rel_max"));
    }
    if (ppo != null) {
      Path folder = ppo;
      measure(
          context,
          results,
          folder,
          result ->
              putPpo(
                  result,
                  PpoParity.run(folder, PpoPrecision.FLOAT64),
                  PpoParity.run(folder, PpoPrecision.FLOAT32)),
          List.of("float64_max_abs", "float32_max_abs"));
    }
    if (int8 != null) {
      Path folder = int8;
      measure(
          context,
          results,
          folder,
          result -> putInt8(result, Int8Parity.run(folder, run.backend(), budget)),
          List.of());
    }
    return finish(results);
  }

  /** Those operands that are not the folder of --ppo or --int8 too, as {@code fixtures/*} is. */
  private List<Path> modelFolders() {
    Set<Path> others =
        otherFolders().map(folder -> folder.toAbsolutePath().normalize()).collect(toSet());
    return models.stream()
        .filter(folder -> !others.contains(folder.toAbsolutePath().normalize()))
        .toList();
  }

  private Stream<Path> otherFolders() {
    return Stream.of(Optional.ofNullable(ppo), Optional.ofNullable(int8)).flatMap(Optional::stream);
  }

  private void requireDifferentNames(List<Path> folders) {
    Set<String> names = new HashSet<>();
    Stream.concat(folders.stream(), otherFolders())
        .map(ParityCommand::name)
        .forEach(
            name -> {
              if (!names.add(name)) {
                throw new UsageException(
                    "expected folders of different names, because results are named by them, found"
                        + " two '"
                        + name
                        + "'; run them one by one");
              }
            });
  }

  private static String name(Path folder) {
    return String.valueOf(folder.toAbsolutePath().normalize().getFileName());
  }

  /**
   * Runs one fixture, and says what came out. A fixture that cannot be run does not keep the others
   * from running, unless the device itself is missing.
   *
   * @param keys what is null where it cannot be run
   */
  private static void measure(
      CommandContext context,
      List<FixtureResult> results,
      Path folder,
      Measurement measurement,
      List<String> keys) {
    FixtureResult result = new FixtureResult(name(folder));
    try {
      measurement.into(result);
    } catch (IOException | RuntimeException e) {
      Failure failure = Failure.of(e);
      if (failure.exitCode() == ExitCode.DEVICE) {
        throw new DeviceException(failure.message());
      }
      keys.forEach(result::putNull);
      result.failed(failure);
    }
    if (result.failure().isPresent()) {
      context.console().note("cantilever parity: %s", result);
    } else {
      context.console().line("%s", result);
    }
    results.add(result);
  }

  private static void putModel(FixtureResult result, ModelParityReport report) {
    result
        .put("logits_max_abs", report.logitsMaxAbs())
        .put("greedy_equal", report.greedyEqual())
        .put("adapter_logits_max_abs", report.adapterLogitsMaxAbs())
        .put("merged_logits_max_abs", report.mergedLogitsMaxAbs())
        .put("adapter_loss_abs", report.adapterLossAbs())
        .put("grad_rel_max", report.gradRelMax())
        .passed(report.pass());
  }

  private static void putPpo(
      FixtureResult result, PpoParityReport float64, PpoParityReport float32) {
    result
        .put("float64_max_abs", float64.maxAbs())
        .put("float32_max_abs", float32.maxAbs())
        .passed(float64.pass() && float32.pass());
  }

  private static void putInt8(FixtureResult result, Int8ParityReport report) {
    for (Int8ParityReport.CaseErrors errors : report.cases()) {
      String of = errors.name() + "_";
      result
          .put(of + "w_int8_differing", errors.int8Differing())
          .put(of + "w_absmax_differing", errors.absmaxDiffering())
          .put(of + "out_rel", errors.outRel())
          .put(of + "grad_x_rel", errors.gradXRel())
          .put(of + "weight_only_out_rel", errors.weightOnlyOutRel())
          .put(of + "weight_only_grad_x_rel", errors.weightOnlyGradXRel());
    }
    result.passed(report.pass());
  }

  private static CommandResult finish(List<FixtureResult> results) {
    JsonResult json = new JsonResult();
    results.forEach(result -> json.put(result.name(), result.json()));
    if (results.stream().allMatch(FixtureResult::pass)) {
      return CommandResult.done(json);
    }
    boolean overBudget =
        results.stream()
            .flatMap(result -> result.failure().stream())
            .anyMatch(failure -> failure.exitCode() == ExitCode.OVER_BUDGET);
    if (overBudget) {
      return new CommandResult(json, ExitCode.OVER_BUDGET);
    }
    return CommandResult.checkFailed(json);
  }
}
