package dev.cantilever.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsoleTest {
  private final ByteArrayOutputStream results = new ByteArrayOutputStream();
  private final ByteArrayOutputStream asides = new ByteArrayOutputStream();

  private Console console(boolean terminal) {
    return new Console(
        new PrintStream(results, true, StandardCharsets.UTF_8),
        new PrintStream(asides, true, StandardCharsets.UTF_8),
        terminal);
  }

  @Test
  void table_mixedColumns_alignsNumbersToTheRight() {
    console(false)
        .table(
            List.of("purpose", "bytes"),
            List.of(List.of("base", "1024"), List.of("kv cache", "8")));
    assertThat(results.toString(StandardCharsets.UTF_8).lines())
        .containsExactly(
            "purpose   bytes", "---------------", "base       1024", "kv cache      8");
  }

  @Test
  void table_rowOfAnotherLength_isRefused() {
    Console console = console(false);
    List<List<String>> rows = List.of(List.of("1", "2"));
    assertThatThrownBy(() -> console.table(List.of("a"), rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 1 cells");
  }

  @Test
  void line_goesToResultsAndNoteToAsides() {
    Console console = console(false);
    console.line("loss %.3f", 3.4337);
    console.note("%s", "100% of it");
    assertThat(results.toString(StandardCharsets.UTF_8)).isEqualTo("loss 3.434\n");
    assertThat(asides.toString(StandardCharsets.UTF_8)).isEqualTo("100% of it\n");
  }

  @Test
  void progress_onTerminal_redrawsOneLine() {
    try (Progress progress = console(true).progress("ppo", "steps", 4)) {
      progress.advance(4);
    }
    String drawn = asides.toString(StandardCharsets.UTF_8);
    assertThat(drawn).contains("\r").contains("ppo").contains("4/4 steps").contains("100%");
    assertThat(results.size()).isZero();
  }
}
