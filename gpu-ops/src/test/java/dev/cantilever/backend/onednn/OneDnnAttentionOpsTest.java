package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionOpsConformance;
import org.junit.jupiter.api.AfterAll;

final class OneDnnAttentionOpsTest extends AttentionOpsConformance {

  private static final Workers WORKERS = new Workers(3);

  private final AttentionOps ops = new OneDnnAttentionOps(WORKERS);

  @Override
  protected AttentionOps ops() {
    return ops;
  }

  @AfterAll
  static void closeWorkers() {
    WORKERS.close();
  }
}
