package dev.cantilever.console;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/** Where a command talks to people: results to one stream, progress and warnings to another. */
public final class Console {
  private static final String GAP = "  ";

  private final PrintStream results;
  private final PrintStream asides;
  private final boolean terminal;
  private final LongSupplier nanoTime;

  /**
   * @param results takes lines and tables; the error stream when standard output belongs to JSON
   * @param asides takes progress and warnings
   * @param terminal whether {@code asides} is a terminal, on which a line can be redrawn
   */
  public Console(PrintStream results, PrintStream asides, boolean terminal) {
    this(results, asides, terminal, System::nanoTime);
  }

  Console(PrintStream results, PrintStream asides, boolean terminal, LongSupplier nanoTime) {
    this.results = results;
    this.asides = asides;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  /** Prints a line of the result; the format is {@link String#format}'s, numbers as in English. */
  public void line(String format, Object... arguments) {
    results.println(String.format(Locale.ROOT, format, arguments));
  }

  /** Says something that the user should know but that is not the result. */
  public void note(String format, Object... arguments) {
    asides.println(String.format(Locale.ROOT, format, arguments));
  }

  /**
   * Prints a table with a line under its head. Columns of numbers are aligned to the right.
   *
   * @param head the names of the columns
   * @param rows the cells, as many in each row as there are columns
   */
  public void table(List<String> head, List<List<String>> rows) {
    int[] widths = new int[head.size()];
    boolean[] numbers = new boolean[head.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = head.get(column).length();
      numbers[column] = !rows.isEmpty();
      for (List<String> row : rows) {
        if (row.size() != widths.length) {
          throw new IllegalArgumentException(
              "expected " + widths.length + " cells in each row of a table, got " + row);
        }
        widths[column] = Math.max(widths[column], row.get(column).length());
        numbers[column] &= row.get(column).matches("-?[0-9][0-9.,eE+-]*|-|");
      }
    }
    results.println(tableLine(head, widths, numbers));
    int ruled = GAP.length() * Math.max(0, widths.length - 1);
    for (int width : widths) {
      ruled += width;
    }
    results.println("-".repeat(ruled));
    rows.forEach(row -> results.println(tableLine(row, widths, numbers)));
  }

  /**
   * Begins a task whose progress is shown until it is closed.
   *
   * @param task what is being done
   * @param unit the plural of what is counted: steps, rows
   * @param total how many there are
   */
  public Progress progress(String task, String unit, long total) {
    return terminal
        ? new BarProgress(task, unit, total, asides)
        : new LineProgress(task, unit, total, asides, nanoTime);
  }

  private static String tableLine(List<String> cells, int[] widths, boolean[] numbers) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      String space = " ".repeat(widths[column] - cells.get(column).length());
      line.append(column == 0 ? "" : GAP)
          .append(numbers[column] ? space : "")
          .append(cells.get(column))
          .append(numbers[column] ? "" : space);
    }
    return line.toString().stripTrailing();
  }
}
