package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Recording;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.CudaGraph;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations as a CUDA graph. The first run calls them as they are, which compiles and loads their
 * kernels; the second captures a graph, which it and all later ones launch. Each run ends by
 * holding what it found wrong ({@link Faults#hold}).
 */
final class CudaRecording implements Recording {

  /**
   * What is captured.
   *
   * @param graph the launches
   * @param calls those of them that may report, under the numbers that the graph has for them
   */
  private record Captured(CudaGraph graph, List<Faults.Report> calls) {}

  private final CudaDevice device;
  private final Faults faults;
  private final Branches branches;
  private final Runnable operations;
  private boolean called;
  private boolean closed;
  private @Nullable Captured captured;

  CudaRecording(CudaDevice device, Faults faults, Branches branches, Runnable operations) {
    this.device = device;
    this.faults = faults;
    this.branches = branches;
    this.operations =
        () -> {
          operations.run();
          faults.hold();
        };
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("Expected an open recording, found one that was closed");
    }
    if (!called) {
      branches.rehearse(operations);
      called = true;
      return;
    }
    Captured repeated = captured;
    if (repeated == null) {
      repeated = capture();
      captured = repeated;
    }
    faults.expectAgain(repeated.calls());
    repeated.graph().launch();
  }

  private Captured capture() {
    CudaGraph graph;
    List<Faults.Report> calls;
    faults.beginRecording();
    try {
      graph = CudaGraph.capture(device, operations);
    } finally {
      calls = faults.endRecording();
    }
    return new Captured(graph, calls);
  }

  @Override
  public void close() {
    closed = true;
    if (captured != null) {
      captured.graph().close();
      captured = null;
    }
  }
}
