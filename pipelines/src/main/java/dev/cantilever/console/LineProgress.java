package dev.cantilever.console;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Progress to a file or a pipe: a plain line at each tenth of the total, and at least every half
 * minute while something moves.
 */
final class LineProgress implements Progress {
  private static final int LINES = 10;
  private static final double LONGEST_SILENCE_SECONDS = 30;

  private final String task;
  private final String unit;
  private final long total;
  private final PrintStream out;
  private final LongSupplier nanoTime;
  private final long began;

  private long done;
  private long printedDone;
  private double printedAt;
  private String saying = "";

  LineProgress(String task, String unit, long total, PrintStream out, LongSupplier nanoTime) {
    this.task = task;
    this.unit = unit;
    this.total = total;
    this.out = out;
    this.nanoTime = nanoTime;
    this.began = nanoTime.getAsLong();
  }

  @Override
  public synchronized void advance(long count) {
    done += count;
    boolean nextTenth = tenth(done) > tenth(printedDone);
    if (nextTenth || seconds() - printedAt >= LONGEST_SILENCE_SECONDS) {
      print();
    }
  }

  @Override
  public synchronized void say(String what) {
    saying = what;
  }

  @Override
  public synchronized void close() {
    if (done != printedDone) {
      print();
    }
  }

  private long tenth(long count) {
    return total <= 0 ? 0 : count * LINES / total;
  }

  private double seconds() {
    return (nanoTime.getAsLong() - began) / 1e9;
  }

  private void print() {
    double seconds = seconds();
    double rate = seconds > 0 ? done / seconds : 0;
    StringBuilder line = new StringBuilder(task).append(": ").append(done);
    if (total > 0) {
      line.append('/').append(total);
    }
    line.append(' ').append(unit);
    if (total > 0) {
      line.append(String.format(Locale.ROOT, " (%d %%)", 100 * done / total));
    }
    if (rate > 0) {
      line.append(String.format(Locale.ROOT, ", %.1f %s/s", rate, unit));
      if (total > done) {
        line.append(", ").append(duration((total - done) / rate)).append(" left");
      } else {
        line.append(", took ").append(duration(seconds));
      }
    }
    if (!saying.isEmpty()) {
      line.append(", ").append(saying);
    }
    out.println(line);
    printedDone = done;
    printedAt = seconds;
  }

  /** {@code 8 s}, {@code 2 min 5 s}, {@code 3 h 20 min}. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    if (whole < 3600) {
      return whole / 60 + " min " + whole % 60 + " s";
    }
    return whole / 3600 + " h " + whole % 3600 / 60 + " min";
  }
}
