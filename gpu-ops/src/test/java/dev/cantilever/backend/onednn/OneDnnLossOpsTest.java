package dev.cantilever.backend.onednn;

import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.LossOpsConformance;
import dev.cantilever.memory.Arena;
import org.junit.jupiter.api.AfterAll;

final class OneDnnLossOpsTest extends LossOpsConformance {

  private static final Workers WORKERS = new Workers(3);

  @Override
  protected LossOps ops(Arena arena, long bytes) {
    return new OneDnnLossOps(WORKERS, new ScalarMatmul(), arena, bytes);
  }

  @AfterAll
  static void closeWorkers() {
    WORKERS.close();
  }
}
