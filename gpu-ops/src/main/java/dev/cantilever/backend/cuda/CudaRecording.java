package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Recording;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.CudaGraph;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations as a CUDA graph, captured before the first run and launched by each. A run ends by
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
  private final Runnable operations;
  private boolean closed;
  private @Nullable Captured captured;

  CudaRecording(CudaDevice device, Faults faults, Runnable operations) {
    this.device = device;
    this.faults = faults;
    this.operations =
        () -> {
          operations.run();
          faults.hold();
        };
  }

  @Override
  public void prepare() {
    ready();
  }

  @Override
  public void run() {
    Captured repeated = ready();
    faults.expectAgain(repeated.calls());
    repeated.graph().launch();
  }

  private Captured ready() {
    if (closed) {
      throw new IllegalStateException("Expected an open recording, found one that was closed");
    }
    Captured ready = captured;
    if (ready == null) {
      ready = capture();
      captured = ready;
    }
    return ready;
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
