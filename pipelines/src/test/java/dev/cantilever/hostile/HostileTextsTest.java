package dev.cantilever.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostileTextsTest {

  private static final long SEED = 20261126;
  private static final int FILES_OF_EACH_KIND = 100;

  @TempDir private Path folder;

  @Test
  void files_damaged_workOrAreRefusedByOneLine() throws IOException {
    for (TextTarget target : new TextTargets(folder).all()) {
      TextRun run = TextRun.of(target, SEED, 0, FILES_OF_EACH_KIND);
      assertThat(run.failures()).as(target.name()).isEmpty();
      assertThat(run.accepted()).as(target.name()).isPositive();
      assertThat(run.refused()).as(target.name()).isPositive();
    }
  }

  @Test
  void files_sound_work() throws IOException {
    for (TextTarget target : new TextTargets(folder).all()) {
      for (int seed = 0; seed < target.seeds().size(); seed++) {
        target.reading().read(target.seeds().get(seed), seed);
      }
    }
  }
}
