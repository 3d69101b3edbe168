package dev.cantilever.rehearsal;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.memory.BudgetExceededException;
import dev.cantilever.model.Families;
import dev.cantilever.model.WeightSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Plans a workload's memory by rehearsing it on the device of shapes and bytes, and lowers settings
 * until it fits: rows that are generated at once for the rollout; for scoring and update what is
 * kept from forward to backward and tokens of a pass, first as far as that costs no time. What is
 * tried is the code that runs, so what fits here fits there; the same question has the same answer.
 */
public final class MemoryPlanner {

  /** Where the search for the most rows at once ends: more rows than a step has use for. */
  static final int MOST_ROWS = 1024;

  /**
   * Tokens from which a pass is bound by arithmetic, not by reading weights: twice the operations
   * per byte at which a GPU's two ceilings meet, with weights of a byte.
   */
  private static final int LARGE_PASS = 512;

  private static final PassSettings SMALLEST = new PassSettings(1, 1, KeepPlan.blockInputs());

  private static final String LOADED =
      "The base model and the state of its adapter alone do not fit: raise --budget to what"
          + " process says, or take a smaller model.";

  private final BackendKind device;
  private final ModelConfig config;
  private final Workload workload;
  private final int batchRows;
  private final PlannedDevice.Loading loading;
  private final String loadedAdvice;

  /**
   * A planner of a step and nothing beside it.
   *
   * @param source of the weights; its description is all that is read
   */
  public MemoryPlanner(BackendKind device, WeightSource source, Workload workload) {
    this(
        device,
        source.config(),
        workload,
        workload.rows(),
        backend ->
            new PlannedStep(
                RehearsedPolicy.open(backend, source.withoutData(), workload, StepSize.NONE),
                workload),
        LOADED);
  }

  /**
   * A planner of whatever is loaded.
   *
   * @param config of the base
   * @param batchRows most rows of one generation, all at once or fewer
   * @param loadedAdvice what to do where not even that fits; one line
   */
  MemoryPlanner(
      BackendKind device,
      ModelConfig config,
      Workload workload,
      int batchRows,
      PlannedDevice.Loading loading,
      String loadedAdvice) {
    this.device = device;
    this.config = config;
    this.workload = workload;
    this.batchRows = batchRows;
    this.loading = loading;
    this.loadedAdvice = loadedAdvice;
  }

  /**
   * Plans under a budget.
   *
   * @param budgetBytes as {@link Backends#open} takes it
   * @param most the settings to begin from; they are only ever lowered
   */
  public MemoryPlan plan(long budgetBytes, PassSettings most) throws IOException {
    List<KeepPlan> keeps =
        KeepLadder.of(Families.of(config).architecture(config), workload.rowTokens(), most.keep());
    Search search;
    try (Backend backend = Backends.meta(device, budgetBytes);
        PlannedDevice loaded = loading.on(backend)) {
      search = new Search(loaded, most, keeps);
    } catch (BudgetExceededException e) {
      return refused(budgetBytes, 0, loadedAdvice);
    }
    if (search.rows.isEmpty()) {
      return refused(
          budgetBytes,
          0,
          "Not one row can be generated: lower the tokens of prompt and response, or raise"
              + " --budget.");
    }
    if (search.passes.isEmpty()) {
      return refused(
          budgetBytes,
          search.mostRows,
          "Not one row can be trained on, even with block inputs alone kept: lower the tokens of"
              + " prompt and response, or raise --budget.");
    }
    PassSettings chosen = search.passes.get().withMaxRows(search.rows.get());
    try (Backend backend = Backends.meta(device, budgetBytes)) {
      rehearse(backend, chosen);
      return plan(
          backend,
          budgetBytes,
          true,
          chosen,
          search.mostRows,
          lowered(most.withPasses(most.maxTokens(), keeps.get(0)), chosen));
    }
  }

  /** What the smallest settings would take, had the budget no end. */
  private MemoryPlan refused(long budgetBytes, int mostRows, String advice) throws IOException {
    try (Backend backend = Backends.meta(device, Long.MAX_VALUE)) {
      rehearse(backend, SMALLEST);
      return plan(backend, budgetBytes, false, SMALLEST, mostRows, advice);
    }
  }

  private MemoryPlan plan(
      Backend backend,
      long budgetBytes,
      boolean fits,
      PassSettings settings,
      int mostRows,
      String advice) {
    return new MemoryPlan(
        device.name().toLowerCase(Locale.ROOT),
        budgetBytes,
        Backends.outsideArenasBytes(device),
        fits,
        settings,
        mostRows,
        backend.budget().report(),
        advice);
  }

  /**
   * A step as it will be run: the first rows at once and the first mini-batch are like all others.
   */
  private void rehearse(Backend backend, PassSettings settings) throws IOException {
    try (PlannedDevice loaded = loading.on(backend)) {
      loaded.rollOut(settings.maxRows());
      loaded.scoreAndUpdate(settings);
    }
  }

  private String lowered(PassSettings most, PassSettings chosen) {
    List<String> lowered = new ArrayList<>();
    if (rounds(chosen.maxRows()) > rounds(most.maxRows())) {
      lowered.add("%d rows are generated at once".formatted(chosen.maxRows()));
    }
    if (!chosen.keep().equals(most.keep())) {
      lowered.add("less is kept for backward and computed again");
    }
    if (chosen.maxTokens() < most.maxTokens()) {
      lowered.add("passes go in turns");
    }
    return lowered.isEmpty()
        ? "Nothing had to be lowered."
        : "To fit, " + String.join(", ", lowered) + ".";
  }

  /** How often rows of the same length enter together until none is left. */
  private int rounds(int maxRows) {
    return (batchRows + maxRows - 1) / maxRows;
  }

  /** What fits beside a loaded policy, found by trying. */
  private final class Search {

    private final PlannedDevice loaded;
    private final Optional<Integer> rows;
    private final Optional<PassSettings> passes;
    private final int mostRows;

    Search(PlannedDevice loaded, PassSettings most, List<KeepPlan> keeps) {
      this.loaded = loaded;
      this.mostRows = largest();
      int fitting = Math.min(Math.min(most.maxRows(), batchRows), mostRows);
      // As few rounds as can be, all of about the same size.
      this.rows =
          fitting == 0
              ? Optional.empty()
              : Optional.of((batchRows + rounds(fitting) - 1) / rounds(fitting));
      this.passes = rows.isEmpty() ? Optional.empty() : passes(most, keeps);
    }

    /** The most rows at once that fit, 0 if none. */
    private int largest() {
      int fitting = 0;
      int failing = MOST_ROWS + 1;
      int next = Math.min(MOST_ROWS, batchRows);
      while (failing - fitting > 1) {
        if (fits(next)) {
          fitting = next;
        } else {
          failing = next;
        }
        next = failing > MOST_ROWS ? Math.min(MOST_ROWS, 2 * fitting) : (fitting + failing) / 2;
      }
      return fitting;
    }

    private boolean fits(int rows) {
      return fits(() -> loaded.rollOut(rows));
    }

    private Optional<PassSettings> passes(PassSettings most, List<KeepPlan> keeps) {
      List<Integer> sizes = passSizes(most.maxTokens());
      List<PassSettings> order = new ArrayList<>();
      for (KeepPlan keep : keeps) {
        sizes.stream()
            .filter(this::costsNothing)
            .forEach(tokens -> order.add(most.withPasses(tokens, keep)));
      }
      for (int tokens : sizes) {
        if (!costsNothing(tokens)) {
          keeps.forEach(keep -> order.add(most.withPasses(tokens, keep)));
        }
      }
      return order.stream().filter(this::updateFits).findFirst();
    }

    /** Passes so large that weights are read as seldom as matters, and mini-batches stay whole. */
    private boolean costsNothing(int tokens) {
      return tokens >= LARGE_PASS
          && tokens >= (long) workload.miniBatchRows() * workload.rowTokens();
    }

    private boolean updateFits(PassSettings settings) {
      return fits(() -> loaded.scoreAndUpdate(settings));
    }

    /** Halves down to one row, without those that would cut the rows as the one before did. */
    private List<Integer> passSizes(int most) {
      List<Integer> sizes = new ArrayList<>();
      long cut = -1;
      for (int tokens = most; tokens > 0; tokens /= 2) {
        long scored = Math.min(workload.rows(), tokens / (2L * workload.rowTokens()));
        long trained = Math.min(workload.miniBatchRows(), tokens / (long) workload.rowTokens());
        long now = Math.max(1, scored) * (workload.rows() + 1L) + Math.max(1, trained);
        if (now != cut) {
          sizes.add(tokens);
        }
        cut = now;
      }
      return sizes;
    }

    private boolean fits(Runnable phase) {
      try {
        phase.run();
        return true;
      } catch (BudgetExceededException e) { // the answer that was asked for
        return false;
      }
    }
  }
}
