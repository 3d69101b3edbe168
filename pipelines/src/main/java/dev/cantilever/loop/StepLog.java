package dev.cantilever.loop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.Schemas;
import dev.cantilever.codec.StagedParquet;
import dev.cantilever.row.Statistic;
import dev.cantilever.row.StepStats;
import dev.cantilever.run.RunLayout;
import dev.cantilever.run.WholeFile;
import dev.cantilever.update.DerivedFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tables of steps. {@code steps.parquet} is made anew from the committed updates and depends on
 * nothing else; {@code metrics.jsonl} has the same numbers and the wall-clock seconds of {@link
 * StepTimes}, but for a step whose line a kill took: its times are lost.
 */
final class StepLog {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String STEP = "step";

  private final RunLayout layout;
  private final List<StepStats> rows = new ArrayList<>();

  private StepLog(RunLayout layout) {
    this.layout = layout;
  }

  /**
   * Opens the log of a run whose last complete step is known. A kill may have left either file with
   * a step too few or too many: both are brought to that step.
   */
  static StepLog open(RunLayout layout, int lastStep) throws IOException {
    StepLog log = new StepLog(layout);
    for (int step = 1; step <= lastStep; step++) {
      log.rows.add(log.statistics(step));
    }
    if (lastStep > 0) {
      log.writeTable();
    }
    log.mendMetrics();
    return log;
  }

  /** The rows so far. */
  List<StepStats> rows() {
    return List.copyOf(rows);
  }

  /** Takes a step that is done into the table. */
  StepStats add(int step) throws IOException {
    StepStats stats = statistics(step);
    rows.add(stats);
    writeTable();
    return stats;
  }

  /** Ends a step with its line in {@code metrics.jsonl}. */
  void finish(StepStats stats, StepTimes times) throws IOException {
    ObjectNode line = line(stats);
    times.statistics().forEach(line::put);
    Files.writeString(
        layout.metrics(),
        line + "\n",
        StandardCharsets.UTF_8,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private StepStats statistics(int step) throws IOException {
    return ParquetRecordReader.readAll(
            Schemas.STEP_STATS, layout.updates(step).resolve(DerivedFiles.STATISTICS))
        .get(0);
  }

  private void writeTable() throws IOException {
    StagedParquet.write(Schemas.STEP_STATS, layout.steps(), rows);
  }

  private static ObjectNode line(StepStats stats) {
    ObjectNode line = JSON.createObjectNode().put(STEP, stats.step());
    for (Statistic statistic : Statistic.values()) {
      line.put(statistic.label(), stats.get(statistic));
    }
    return line;
  }

  private void mendMetrics() throws IOException {
    if (rows.isEmpty() && !Files.exists(layout.metrics())) {
      return;
    }
    Map<Integer, String> lines = new HashMap<>();
    if (Files.exists(layout.metrics())) {
      for (String line : Files.readAllLines(layout.metrics())) {
        lines.put(stepOf(line), line);
      }
    }
    StringBuilder mended = new StringBuilder();
    for (StepStats row : rows) {
      mended.append(lines.getOrDefault(row.step(), line(row).toString())).append('\n');
    }
    WholeFile.write(layout.metrics(), mended.toString());
  }

  private static int stepOf(String line) {
    try {
      return JSON.readTree(line).path(STEP).asInt(-1);
    } catch (JsonProcessingException e) {
      return -1; // half a line
    }
  }
}
