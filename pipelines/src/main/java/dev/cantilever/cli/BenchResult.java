package dev.cantilever.cli;

import dev.cantilever.bench.BenchPhase;
import dev.cantilever.bench.BenchReport;
import dev.cantilever.bench.StepSeconds;
import dev.cantilever.console.Console;
import dev.cantilever.rehearsal.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a benchmark measured, as tables and as JSON. */
final class BenchResult {

  private static final double MILLI = 1e3;
  private static final double GIGA = 1e9;

  private final BenchReport report;
  private final MeasuredMemory memory;
  private final BenchPhase phase;

  BenchResult(BenchReport report) {
    this.report = report;
    this.memory = new MeasuredMemory(report.plan(), report.memory(), report.driver());
    this.phase = report.options().phase();
  }

  void print(Console console) {
    Workload workload = report.options().workload();
    console.line(
        "%n%s: %d rows of %d + %d tokens, mini-batches of %d, %d epochs, %s",
        report.device(),
        workload.rows(),
        workload.promptTokens(),
        workload.responseTokens(),
        workload.miniBatchRows(),
        workload.epochs(),
        modeName());
    console.line(
        "ceilings: copy %.1f GB/s, 16-bit product %.0f GFLOP/s; medians of %d steps; loaded in"
            + " %.1f s",
        report.ceilings().bytesPerSecond() / GIGA,
        report.ceilings().flopsPerSecond() / GIGA,
        report.steps().size(),
        report.loadSeconds());
    report
        .reading()
        .ifPresent(
            reading ->
                console.line(
                    "loading: %.2f GB in %.2f s, %.2f GB/s; a plain read of the files %.2f GB/s,"
                        + " share %.0f%%",
                    reading.bytes() / GIGA,
                    report.baseSeconds(),
                    reading.bytes() / report.baseSeconds() / GIGA,
                    reading.bytesPerSecond() / GIGA,
                    100 * reading.shareOf(report.baseSeconds())));
    console.table(List.of("phase", "seconds", "floor s", "share of floor %"), phases());
    if (phase.includes(BenchPhase.ROLLOUT)) {
      console.line(
          "a token of every row: %.2f ms with prefill; decode step %.2f ms, prefill %.2f ms;"
              + " %.0f tokens/s; %.0f%% of the copy's bandwidth in decoding",
          report.secondsPerToken() * MILLI,
          report.decodeSeconds() * MILLI,
          report.median(StepSeconds::prefill) * MILLI,
          report.tokensPerSecond(),
          100 * decodeShare());
    }
    if (phase.includes(BenchPhase.SCORE)) {
      console.line("score: %.0f%% of the matrix rate", 100 * report.scoreRateShare());
    }
    if (phase.includes(BenchPhase.UPDATE)) {
      console.line("update: %.0f%% of the matrix rate", 100 * report.updateRateShare());
    }
    console.table(MeasuredMemory.HEADER, rows());
    console.line("identities: %s; adapter %s", identities(), report.adapterDigest());
  }

  private String modeName() {
    return report.options().workload().int8Mode().name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether the run would have ended where an identity did not hold. */
  private boolean assertedIdentities() {
    return phase.includes(BenchPhase.UPDATE) && report.exact();
  }

  private String identities() {
    return assertedIdentities()
        ? "ratio exactly 1 in every step's first mini-batch, KL of the fresh adapter exactly 0"
        : "not asserted";
  }

  private double decodeShare() {
    return report.decodeSeconds() > 0 ? report.decodeBandwidthShare() : 0;
  }

  private List<List<String>> phases() {
    List<List<String>> rows = new ArrayList<>();
    for (BenchPhase each : BenchPhase.values()) {
      if (phase.includes(each)) {
        double seconds = report.seconds(each);
        double floor = report.floorSeconds(each);
        rows.add(
            List.of(
                name(each),
                number("%.4f", seconds),
                number("%.4f", floor),
                number("%.1f", 100 * floor / seconds)));
      }
    }
    return rows;
  }

  private List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>(memory.purposes());
    rows.addAll(memory.totals());
    return rows;
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String name(BenchPhase phase) {
    return phase.name().toLowerCase(Locale.ROOT);
  }

  JsonResult json() {
    Workload workload = report.options().workload();
    JsonResult json =
        new JsonResult()
            .put("device", report.device())
            .put("model", report.options().model().file().toString())
            .put("rows", workload.rows())
            .put("prompt", workload.promptTokens())
            .put("response", workload.responseTokens())
            .put("minibatch", workload.miniBatchRows())
            .put("epochs", workload.epochs())
            .put("int8_mode", modeName())
            .put("seed", workload.seed())
            .put("phase", name(phase))
            .put("load_s", report.loadSeconds());
    report
        .reading()
        .ifPresentOrElse(
            reading ->
                json.put(
                    "loading",
                    new JsonResult()
                        .put("bytes", reading.bytes())
                        .put("seconds", report.baseSeconds())
                        .put("bytes_per_s", reading.bytes() / report.baseSeconds())
                        .put("plain_read_bytes_per_s", reading.bytesPerSecond())
                        .put("share", reading.shareOf(report.baseSeconds()))),
            () -> json.putNull("loading"));
    for (BenchPhase each : BenchPhase.values()) {
      if (phase.includes(each)) {
        json.put(name(each) + "_s", report.seconds(each));
        json.put(name(each) + "_floor_s", report.floorSeconds(each));
      }
    }
    if (phase.includes(BenchPhase.ROLLOUT)) {
      json.put("decode_ms", report.secondsPerToken() * MILLI)
          .put("decode_ms_without_prefill", report.decodeSeconds() * MILLI)
          .put("prefill_ms", report.median(StepSeconds::prefill) * MILLI)
          .put("tokens_per_s", report.tokensPerSecond())
          .put("decode_bandwidth_share", decodeShare());
    }
    if (phase.includes(BenchPhase.SCORE)) {
      json.put("score_rate_share", report.scoreRateShare());
    }
    if (phase.includes(BenchPhase.UPDATE)) {
      json.put("update_rate_share", report.updateRateShare());
    }
    json.put("copy_bytes_per_s", report.ceilings().bytesPerSecond())
        .put("product_flops_per_s", report.ceilings().flopsPerSecond());
    memory.put(json);
    if (assertedIdentities()) {
      json.put("ratio_one", true).put("fresh_kl_zero", true);
    } else {
      json.putNull("ratio_one").putNull("fresh_kl_zero");
    }
    return json.put("adapter_sha256", report.adapterDigest())
        .putObjects("steps", report.steps().stream().map(BenchResult::step).toList());
  }

  private static JsonResult step(StepSeconds step) {
    return new JsonResult()
        .put("prefill_s", step.prefill())
        .put("rollout_s", step.rollout())
        .put("score_s", step.score())
        .put("update_s", step.update())
        .put("step_s", step.step());
  }
}
