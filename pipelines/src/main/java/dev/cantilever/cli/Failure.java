package dev.cantilever.cli;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.util.SerializedThrowable;

/**
 * What the user is told of an exception: the only place where one becomes an exit code and a
 * message.
 *
 * @param exitCode the code that the program ends with
 * @param message one line, without a stack trace
 */
record Failure(ExitCode exitCode, String message) {
  private static final String OURS = "dev.cantilever.";
  private static final int DEEPEST = 50;

  /* How Flink carries an exception between its parts; by name, as Flink need not be there. */
  private static final String CARRIED = "org.apache.flink.util.SerializedThrowable";

  /*
   * By simple name, subclasses included, so that telling them apart loads none of them: most
   * commands never touch the rooms that these come from. Runners wrap what a stage throws in
   * exceptions of their own; the first of ours in the chain of causes counts.
   */
  private static final Map<String, ExitCode> BY_NAME =
      Map.of(
          "UsageException", ExitCode.USAGE,
          "CheckpointException", ExitCode.USAGE,
          "DatasetException", ExitCode.USAGE,
          "SchemaException", ExitCode.USAGE,
          "HubRequestException", ExitCode.USAGE,
          "BudgetExceededException", ExitCode.OVER_BUDGET,
          "OverBudgetException", ExitCode.OVER_BUDGET,
          "DeviceException", ExitCode.DEVICE);

  /** Joins the lines of what libraries say. */
  Failure {
    message = message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  static Failure of(Throwable thrown) {
    List<Throwable> chain = chain(thrown);
    for (Throwable cause : chain) {
      Optional<ExitCode> code = ours(cause.getClass());
      if (code.isPresent()) {
        return new Failure(code.get(), text(cause));
      }
    }
    for (Throwable cause : chain) {
      if (cause instanceof InterruptedException || cause instanceof ClosedByInterruptException) {
        return new Failure(ExitCode.INTERRUPTED, "interrupted; run it again to continue");
      }
      if (cause instanceof OutOfMemoryError) {
        return new Failure(
            ExitCode.OVER_BUDGET,
            "expected to fit into the JVM's memory, found it full ("
                + cause.getMessage()
                + "); give it more, for instance CANTILEVER_JAVA_OPTS=-Xmx8g");
      }
      if (cause instanceof IOException && !(cause.getCause() instanceof IOException)) {
        return new Failure(ExitCode.USAGE, io((IOException) cause));
      }
    }
    return internal(chain.get(chain.size() - 1));
  }

  private static List<Throwable> chain(Throwable thrown) {
    List<Throwable> chain = new ArrayList<>();
    Throwable next = thrown;
    while (next != null && chain.size() < DEEPEST) {
      Throwable here =
          next.getClass().getName().equals(CARRIED) ? FlinkCarried.original(next) : next;
      chain.add(here);
      next = here.getCause();
    }
    return chain;
  }

  /** The code of an exception of ours: by the table, or for those not in it, a failed check. */
  private static Optional<ExitCode> ours(Class<?> type) {
    if (!type.getName().startsWith(OURS)) {
      return Optional.empty();
    }
    for (Class<?> c = type; c != null && c.getName().startsWith(OURS); c = c.getSuperclass()) {
      ExitCode code = BY_NAME.get(c.getSimpleName());
      if (code != null) {
        return Optional.of(code);
      }
    }
    return Optional.of(ExitCode.CHECK_FAILED);
  }

  private static String io(IOException e) {
    if (e instanceof NoSuchFileException missing) {
      return "expected a file at " + missing.getFile() + ", found nothing; check the path";
    }
    if (e instanceof FileSystemException file) {
      return "cannot read or write "
          + file.getFile()
          + ": "
          + (file.getReason() == null ? e.getClass().getSimpleName() : file.getReason())
          + "; check the path, and what you may read and write there";
    }
    return "reading or writing failed: " + text(e);
  }

  private static Failure internal(Throwable cause) {
    StackTraceElement[] trace = cause.getStackTrace();
    String at = trace.length == 0 ? "" : " at " + trace[0];
    return new Failure(
        ExitCode.CHECK_FAILED,
        "internal error: "
            + cause
            + at
            + "; run it again with --verbose for the whole trace, and report it");
  }

  private static String text(Throwable cause) {
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  /** Touched only where Flink is. */
  private static final class FlinkCarried {
    static Throwable original(Throwable carried) {
      return ((SerializedThrowable) carried).deserializeError(Failure.class.getClassLoader());
    }
  }
}
