package dev.cantilever.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostileFilesTest {

  private static final long SEED = 20261126;
  private static final int FILES_OF_EACH_KIND = 150;

  @TempDir private Path folder;

  @Test
  void files_damaged_areReadWholeOrRefusedByOneLine() throws IOException {
    for (HostileTarget target : new HostileTargets(folder).all()) {
      HostileRun run = HostileRun.of(target, SEED, 0, FILES_OF_EACH_KIND);
      assertThat(run.failures()).as(target.name()).isEmpty();
      assertThat(run.refused()).as(target.name()).isPositive();
    }
  }

  @Test
  void files_sound_areRead() throws IOException {
    for (HostileTarget target : new HostileTargets(folder).all()) {
      for (byte[] seed : target.seeds()) {
        target.reading().read(seed);
      }
    }
  }
}
