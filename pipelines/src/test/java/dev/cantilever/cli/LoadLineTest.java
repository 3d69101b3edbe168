package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.console.Console;
import dev.cantilever.host.LoadWatcher;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LoadLineTest {
  private final ByteArrayOutputStream asides = new ByteArrayOutputStream();
  private final PrintStream stream = new PrintStream(asides, true, StandardCharsets.UTF_8);
  private final LoadLine line = new LoadLine(new Console(stream, stream, false));

  private String said() {
    return asides.toString(StandardCharsets.UTF_8);
  }

  @Test
  void begin_largeModelToAPipe_saysRateAndTimeLeftInPlainLines() {
    try (LoadWatcher.Watched watched = line.begin("pythia", 2_000_000_500L)) {
      watched.read(500_000_000);
      watched.read(1_500_000_500);
    }

    assertThat(said().lines().toList())
        .hasSize(2)
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .startsWith("load pythia: 500/2001 MB (24 %), ")
                    .contains("MB/s")
                    .endsWith("left"),
            last -> assertThat(last).startsWith("load pythia: 2001/2001 MB (100 %), "));
  }

  @Test
  void begin_smallModel_saysNothing() {
    try (LoadWatcher.Watched watched = line.begin("tiny", 999_999_999)) {
      watched.read(999_999_999);
    }

    assertThat(said()).isEmpty();
  }
}
