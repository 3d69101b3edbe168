package dev.cantilever.backend.cuda.driver;

import dev.cantilever.backend.DeviceException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudart.CUuuid;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * One GPU with its context and the stream that all work of this process goes through, but for the
 * second branch of a {@link #fork}.
 *
 * <p>Addresses are device addresses unless named host. One thread at a time; it may change.
 */
public final class CudaDevice implements AutoCloseable {

  /**
   * Memory of a card.
   *
   * @param freeBytes not taken by any process
   * @param totalBytes of the card
   */
  public record Memory(long freeBytes, long totalBytes) {}

  private static final int NAME_BYTES = 256;

  private final int ordinal;
  private final String name;
  private final String uuid;
  private final ComputeCapability capability;
  private final int multiprocessors;
  private final CUctx_st context;
  private final CUstream_st main = new CUstream_st();
  private final CUstream_st side = new CUstream_st(); // of the second branch of a fork
  private final CUevent_st forked = new CUevent_st();
  private final CUevent_st joined = new CUevent_st();
  private CUstream_st stream = main; // what enqueues now
  private Thread current;
  private boolean capturing;
  private long enqueued;
  private boolean closed;

  private CudaDevice(int ordinal) {
    this.ordinal = ordinal;
    this.name = nameOf(ordinal);
    this.uuid = uuidOf(ordinal);
    this.capability =
        new ComputeCapability(
            attribute(cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            attribute(cudart.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
    Requirements.card(name, capability);
    this.multiprocessors = attribute(cudart.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    this.context = new CUctx_st();
    Requirements.context(cudart.cuDevicePrimaryCtxRetain(context, ordinal), name);
    this.current = Thread.currentThread();
    try {
      CudaStatus.check(cudart.cuCtxSetCurrent(context), "use its context");
      for (CUstream_st made : List.of(main, side)) {
        CudaStatus.check(
            cudart.cuStreamCreate(made, cudart.CU_STREAM_NON_BLOCKING), "make a stream");
      }
      for (CUevent_st made : List.of(forked, joined)) {
        CudaStatus.check(
            cudart.cuEventCreate(made, cudart.CU_EVENT_DISABLE_TIMING), "make an event");
      }
    } catch (DeviceException e) {
      cudart.cuDevicePrimaryCtxRelease(ordinal);
      throw e;
    }
  }

  /**
   * Opens a GPU; the caller closes it.
   *
   * @param ordinal its number, from 0
   * @throws DeviceException if there is no driver, no such device, or it is too old
   */
  public static CudaDevice open(int ordinal) {
    requireDevice(ordinal);
    return new CudaDevice(ordinal);
  }

  /**
   * The {@link #uuid} of a GPU, without opening it.
   *
   * @param ordinal its number, from 0
   * @throws DeviceException if there is no driver or no such device
   */
  public static String identityOf(int ordinal) {
    requireDevice(ordinal);
    return uuidOf(ordinal);
  }

  /**
   * Memory of a GPU that no process has now. Nothing is taken of it to learn this where the
   * driver's management library is there; else it is opened for the while.
   *
   * @param ordinal its number, from 0
   * @throws DeviceException if there is no driver or no such device, or it cannot be opened
   */
  public static long freeBytesOf(int ordinal) {
    OptionalLong told = DeviceMonitor.freeBytes(identityOf(ordinal));
    if (told.isEmpty()) {
      try (CudaDevice device = open(ordinal)) {
        return device.memory().freeBytes();
      }
    }
    try (SizeTPointer total = new SizeTPointer(1)) {
      CudaStatus.check(cudart.cuDeviceTotalMem(total, ordinal), "tell its memory");
      return Math.min(told.getAsLong(), total.get()); // a part of a card has less than the card
    }
  }

  private static void requireDevice(int ordinal) {
    int count = CudaInstallation.requireDriver();
    if (ordinal >= count) {
      throw new DeviceException(
          "Expected a CUDA device number %d, found %d devices. Check nvidia-smi and CUDA_VISIBLE_DEVICES."
              .formatted(ordinal, count));
    }
  }

  private static String nameOf(int ordinal) {
    byte[] text = new byte[NAME_BYTES];
    CudaStatus.check(cudart.cuDeviceGetName(text, NAME_BYTES, ordinal), "tell its name");
    int length = 0;
    while (text[length] != 0) {
      length++;
    }
    return new String(text, 0, length, StandardCharsets.US_ASCII);
  }

  private static String uuidOf(int ordinal) {
    try (CUuuid id = new CUuuid()) {
      CudaStatus.check(cudart.cuDeviceGetUuid(id, ordinal), "tell its identity");
      byte[] bytes = new byte[16];
      id.bytes().get(bytes);
      return HexFormat.of().formatHex(bytes);
    }
  }

  private int attribute(int which) {
    int[] value = new int[1];
    CudaStatus.check(
        cudart.cuDeviceGetAttribute(value, which, ordinal), "tell its attribute " + which);
    return value[0];
  }

  /** Product name, for example {@code "NVIDIA H100 80GB HBM3"}. */
  public String name() {
    return name;
  }

  /** Identity of the card, 32 hexadecimal digits. */
  public String uuid() {
    return uuid;
  }

  /** Its instruction set. */
  public ComputeCapability capability() {
    return capability;
  }

  /** Number of multiprocessors. */
  public int multiprocessors() {
    return multiprocessors;
  }

  /** Memory of the card now, as the driver tells it. */
  public Memory memory() {
    enter();
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      CudaStatus.check(cudart.cuMemGetInfo(free, total), "tell its memory");
      return new Memory(free.get(), total.get());
    }
  }

  /** Makes the context the calling thread's. */
  void enter() {
    if (closed) {
      throw new IllegalStateException("The device " + name + " is closed");
    }
    if (current != Thread.currentThread()) {
      CudaStatus.check(cudart.cuCtxSetCurrent(context), "use its context");
      current = Thread.currentThread();
    }
  }

  /** As {@link #enter}, by whoever enqueues something or captures what is. */
  void enterToEnqueue() {
    enter();
    enqueued++;
  }

  /**
   * How often anything was enqueued so far, or began or ceased to be captured: between two calls
   * that say the same, nothing was, and nothing new is going to change the device's memory.
   */
  public long enqueued() {
    return enqueued;
  }

  CUstream_st stream() {
    return stream;
  }

  /** Begins two branches, of which what is enqueued now is the first. */
  public void fork() {
    enterToEnqueue();
    CudaStatus.check(cudart.cuEventRecord(forked, main), "begin branches");
    CudaStatus.check(cudart.cuStreamWaitEvent(side, forked, 0), "begin branches");
  }

  /** What is enqueued now is the second branch. */
  public void switchBranch() {
    stream = side;
  }

  /** Ends both branches: what is enqueued now comes after them. */
  public void join() {
    enterToEnqueue();
    stream = main;
    CudaStatus.check(cudart.cuEventRecord(joined, side), "join branches");
    CudaStatus.check(cudart.cuStreamWaitEvent(main, joined, 0), "join branches");
  }

  /** Takes memory of the device. */
  public long allocate(long bytes) {
    enter();
    long[] address = new long[1];
    CudaStatus.check(cudart.cuMemAlloc(address, bytes), "give " + bytes + " bytes of memory");
    return address[0];
  }

  /** Gives memory back. */
  public void free(long address) {
    enter();
    CudaStatus.check(cudart.cuMemFree(address), "take memory back");
  }

  /** Takes host memory that the device can copy from and to by itself. */
  public Pointer allocateHost(long bytes) {
    enter();
    Pointer memory = new Pointer();
    CudaStatus.check(
        cudart.cuMemAllocHost(memory, bytes), "pin " + bytes + " bytes of host memory");
    return memory;
  }

  /** Gives pinned memory back. */
  public void freeHost(Pointer memory) {
    enter();
    CudaStatus.check(cudart.cuMemFreeHost(memory), "give pinned host memory back");
  }

  /**
   * From now on what is enqueued is written down and not done, until {@link #endCapture}. Loading a
   * kernel meanwhile, which the driver counts as unsafe in a stricter mode, is allowed.
   */
  void beginCapture() {
    enterToEnqueue();
    CudaStatus.check(
        cudart.cuStreamBeginCapture(stream, cudart.CU_STREAM_CAPTURE_MODE_RELAXED),
        "record its work");
    capturing = true;
  }

  /**
   * Ends a capture.
   *
   * @param graph what was enqueued, if this succeeds
   * @return the driver's status
   */
  int endCapture(CUgraph_st graph) {
    enqueued++;
    capturing = false;
    return cudart.cuStreamEndCapture(stream, graph);
  }

  /** Whether what is enqueued is written down and not done. */
  public boolean capturing() {
    return capturing;
  }

  /** The host's memory and time are those of one run, so nothing of them can be repeated. */
  private void requireNoCapture(String what) {
    if (capturing) {
      throw new IllegalStateException(
          "Expected operations on the device alone in a recording, found one that "
              + what
              + ". Do it before or after the run.");
    }
  }

  /** Enqueues a copy from pinned host memory, which must stay as it is until it is done. */
  public void copyFromHost(long target, Pointer host, long bytes) {
    requireNoCapture("copies from the host");
    enterToEnqueue();
    CudaStatus.check(
        cudart.cuMemcpyHtoDAsync(target, host, bytes, stream), "take " + bytes + " bytes");
  }

  /** Enqueues a copy to pinned host memory. */
  public void copyToHost(Pointer host, long source, long bytes) {
    requireNoCapture("copies to the host");
    enterToEnqueue();
    CudaStatus.check(
        cudart.cuMemcpyDtoHAsync(host, source, bytes, stream), "give " + bytes + " bytes");
  }

  /** Enqueues a copy on the device. */
  public void copy(long target, long source, long bytes) {
    enterToEnqueue();
    CudaStatus.check(
        cudart.cuMemcpyDtoDAsync(target, source, bytes, stream), "copy " + bytes + " bytes");
  }

  /** Enqueues setting every byte. */
  public void fill(long target, int value, long bytes) {
    enterToEnqueue();
    CudaStatus.check(
        cudart.cuMemsetD8Async(target, (byte) value, bytes, stream), "fill " + bytes + " bytes");
  }

  /** Waits until everything enqueued is done. */
  public void synchronize() {
    requireNoCapture("waits for the device");
    enter();
    CudaStatus.check(cudart.cuStreamSynchronize(stream), "finish its work");
  }

  /**
   * Gives the context back, and with it what was not freed, whatever state the device is in. A
   * second call does nothing.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    try {
      enter();
      for (CUevent_st made : List.of(forked, joined)) {
        CudaStatus.check(cudart.cuEventDestroy(made), "end an event");
      }
      for (CUstream_st made : List.of(side, main)) {
        CudaStatus.check(cudart.cuStreamDestroy(made), "end a stream");
      }
    } finally {
      closed = true;
      CudaStatus.check(cudart.cuDevicePrimaryCtxRelease(ordinal), "end its context");
    }
  }
}
