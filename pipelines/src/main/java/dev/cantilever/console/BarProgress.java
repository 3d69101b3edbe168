package dev.cantilever.console;

import java.io.PrintStream;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress on a terminal: one line, redrawn. */
final class BarProgress implements Progress {
  /* Given, so that the library does not look for the width through native terminal code. */
  private static final int WIDTH = 100;
  private static final int REDRAW_MILLIS = 200;

  private final ProgressBar bar;

  BarProgress(String task, String unit, long total, PrintStream out) {
    DecimalFormat rate = new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT));
    bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUnit(" " + unit, 1)
            .showSpeed(rate)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(REDRAW_MILLIS)
            .setConsumer(new ConsoleProgressBarConsumer(out, WIDTH))
            .build();
  }

  @Override
  public void advance(long count) {
    bar.stepBy(count);
  }

  @Override
  public void say(String what) {
    bar.setExtraMessage(what);
  }

  @Override
  public void close() {
    bar.close();
  }
}
