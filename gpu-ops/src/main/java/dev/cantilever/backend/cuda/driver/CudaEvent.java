package dev.cantilever.backend.cuda.driver;

import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;

/** A point in a device's stream that the host can wait for; may be set anew as often as wanted. */
public final class CudaEvent implements AutoCloseable {

  /** The thread that waits sleeps: others have work for its processor. */
  private static final int FLAGS = cudart.CU_EVENT_DISABLE_TIMING | cudart.CU_EVENT_BLOCKING_SYNC;

  private final CudaDevice device;
  private final CUevent_st event;

  /** An event that is not set; the caller closes it before the device. */
  public CudaEvent(CudaDevice device) {
    this.device = device;
    this.event = new CUevent_st();
    device.enter();
    CudaStatus.check(cudart.cuEventCreate(event, FLAGS), "make an event");
  }

  /** Sets it behind everything enqueued so far. */
  public void record() {
    device.enter();
    CudaStatus.check(cudart.cuEventRecord(event, device.stream()), "mark its work");
  }

  /** Waits until the device is past it; returns at once where it was never set. */
  public void await() {
    device.enter();
    CudaStatus.check(cudart.cuEventSynchronize(event), "finish its work");
  }

  @Override
  public void close() {
    device.enter();
    CudaStatus.check(cudart.cuEventDestroy(event), "end an event");
  }
}
