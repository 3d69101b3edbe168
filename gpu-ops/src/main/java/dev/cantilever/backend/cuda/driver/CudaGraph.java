package dev.cantilever.backend.cuda.driver;

import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.global.cudart;

/**
 * What was enqueued on a device's stream, to be enqueued again as often as wanted by one call:
 * launches with their arguments as they were, copies and fills on the device.
 *
 * <p>The driver keeps it in memory of the device beside all arenas.
 */
public final class CudaGraph implements AutoCloseable {

  private final CudaDevice device;
  private final CUgraphExec_st executable = new CUgraphExec_st();

  private CudaGraph(CudaDevice device, CUgraph_st graph) {
    this.device = device;
    CudaStatus.check(cudart.cuGraphInstantiate(executable, graph, 0), "prepare recorded work");
  }

  /**
   * Writes down what operations enqueue, without doing it; the caller closes the graph before the
   * device. Kernels that they are the first to ask for are loaded meanwhile.
   *
   * @throws RuntimeException what an operation throws; the device goes on as if none had been
   *     called
   */
  public static CudaGraph capture(CudaDevice device, Runnable operations) {
    CUgraph_st graph = new CUgraph_st();
    boolean enqueued = false;
    device.beginCapture();
    try {
      operations.run();
      enqueued = true;
    } finally {
      int status = device.endCapture(graph);
      if (enqueued) {
        CudaStatus.check(status, "record its work");
      } else {
        destroy(graph);
      }
    }
    try {
      return new CudaGraph(device, graph);
    } finally {
      destroy(graph);
    }
  }

  private static void destroy(CUgraph_st graph) {
    if (!graph.isNull()) {
      CudaStatus.check(cudart.cuGraphDestroy(graph), "forget recorded work");
    }
  }

  /** Enqueues all of it. */
  public void launch() {
    device.enterToEnqueue();
    CudaStatus.check(cudart.cuGraphLaunch(executable, device.stream()), "repeat recorded work");
  }

  @Override
  public void close() {
    device.enter();
    CudaStatus.check(cudart.cuGraphExecDestroy(executable), "forget recorded work");
  }
}
