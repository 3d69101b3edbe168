package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.recipe.UsageException;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import org.apache.beam.sdk.Pipeline.PipelineExecutionException;
import org.apache.beam.sdk.util.UserCodeException;
import org.apache.flink.util.SerializedThrowable;
import org.junit.jupiter.api.Test;

class FailureTest {

  /** As in the numeric library, of which the table knows only the names. */
  static class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DeviceException(String message) {
      super(message);
    }
  }

  static final class BudgetExceededException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  static final class NoGpuException extends DeviceException {
    private static final long serialVersionUID = 1L;

    NoGpuException() {
      super("no GPU");
    }
  }

  static final class NotANumberException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotANumberException() {
      super("NaN in q_proj, row 3");
    }
  }

  @Test
  void of_oursByNameOrParent_hasItsCode() {
    assertThat(Failure.of(new UsageException("u"))).isEqualTo(new Failure(ExitCode.USAGE, "u"));
    assertThat(Failure.of(new NoGpuException())).isEqualTo(new Failure(ExitCode.DEVICE, "no GPU"));
    assertThat(Failure.of(new BudgetExceededException()).exitCode())
        .isEqualTo(ExitCode.OVER_BUDGET);
  }

  @Test
  void of_oursNotInTheTable_isAFailedCheckWithItsMessage() {
    assertThat(Failure.of(new NotANumberException()))
        .isEqualTo(new Failure(ExitCode.CHECK_FAILED, "NaN in q_proj, row 3"));
  }

  @Test
  void of_wrappedByRunners_findsOurs() {
    Throwable beam =
        new PipelineExecutionException(UserCodeException.wrap(new DeviceException("lost")));
    assertThat(Failure.of(beam)).isEqualTo(new Failure(ExitCode.DEVICE, "lost"));
    Throwable future = new RuntimeException(new ExecutionException(new UsageException("u")));
    assertThat(Failure.of(future)).isEqualTo(new Failure(ExitCode.USAGE, "u"));
    Throwable flink = new RuntimeException("job failed", new SerializedThrowable(beam));
    assertThat(Failure.of(flink)).isEqualTo(new Failure(ExitCode.DEVICE, "lost"));
  }

  @Test
  void of_files_namesThem() {
    assertThat(Failure.of(new NoSuchFileException("/x/y")).message()).contains("/x/y");
    assertThat(Failure.of(new UncheckedIOException(new AccessDeniedException("/z"))))
        .matches(failure -> failure.exitCode() == ExitCode.USAGE)
        .matches(failure -> failure.message().contains("/z"));
    assertThat(Failure.of(new IOException("outer", new EOFException("cut short"))).message())
        .contains("cut short");
  }

  @Test
  void of_severalLines_isOneLine() {
    assertThat(Failure.of(new UsageException("first\n  second\r\n")).message())
        .isEqualTo("first second");
  }

  @Test
  void of_interruption_is130() {
    Failure failure = Failure.of(new RuntimeException(new InterruptedException()));
    assertThat(failure.exitCode().number()).isEqualTo(130);
  }

  @Test
  void of_outOfMemory_doesNotFit() {
    Failure failure = Failure.of(new OutOfMemoryError("Java heap space"));
    assertThat(failure.exitCode().number()).isEqualTo(3);
    assertThat(failure.message()).contains("CANTILEVER_JAVA_OPTS");
  }

  @Test
  void of_causesInACircle_ends() {
    RuntimeException a = new RuntimeException("a");
    a.initCause(new RuntimeException("b", a));
    assertThat(Failure.of(a).exitCode()).isEqualTo(ExitCode.CHECK_FAILED);
  }
}
