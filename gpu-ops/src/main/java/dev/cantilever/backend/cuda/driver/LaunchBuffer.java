package dev.cantilever.backend.cuda.driver;

import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUlaunchAttribute;
import org.bytedeco.cuda.cudart.CUlaunchConfig;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.jspecify.annotations.Nullable;

/**
 * Arguments of the launch being prepared, laid out as the kernel's parameters are: each at a
 * multiple of its own size. One buffer serves all launches of a device, since the driver copies it.
 */
public final class LaunchBuffer implements AutoCloseable {

  /** What the parameters of a kernel may take on every architecture. */
  private static final int CAPACITY = 4096;

  private final CudaDevice device;
  private final BytePointer bytes = new BytePointer(CAPACITY);
  private final SizeTPointer size = new SizeTPointer(1);
  private final PointerPointer<Pointer> extra = new PointerPointer<>(5);
  private final CUlaunchConfig launch = new CUlaunchConfig();
  private final CUlaunchAttribute early = new CUlaunchAttribute();
  private @Nullable Kernel kernel;
  private int at;

  LaunchBuffer(CudaDevice device) {
    this.device = device;
    extra.put(0, cudart.CU_LAUNCH_PARAM_BUFFER_POINTER);
    extra.put(1, bytes);
    extra.put(2, cudart.CU_LAUNCH_PARAM_BUFFER_SIZE);
    extra.put(3, size);
    extra.put(4, cudart.CU_LAUNCH_PARAM_END);
    early.id(cudart.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
    early.value().programmaticStreamSerializationAllowed(1);
    launch.blockDimY(1).blockDimZ(1).attrs(early);
  }

  LaunchBuffer begin(Kernel next) {
    kernel = next;
    at = 0;
    launch.numAttrs(0);
    return this;
  }

  /** A tensor's address. */
  public LaunchBuffer pointer(Tensor tensor) {
    return integer64(tensor.address());
  }

  /** A tensor's address, or null. */
  public LaunchBuffer pointer(Optional<Tensor> tensor) {
    return integer64(tensor.map(Tensor::address).orElse(0L));
  }

  /** A device address. */
  public LaunchBuffer pointer(long address) {
    return integer64(address);
  }

  /** A parameter of type {@code long long} or {@code unsigned long long}. */
  public LaunchBuffer integer64(long value) {
    at = (at + 7) & -8;
    HostMemory.putLong(bytes.address() + at, value);
    at += 8;
    return this;
  }

  /** A parameter of type {@code int}. */
  public LaunchBuffer integer(int value) {
    HostMemory.putInt(bytes.address() + at, value);
    at += 4;
    return this;
  }

  /** A parameter of type {@code float}. */
  public LaunchBuffer real(float value) {
    HostMemory.putFloat(bytes.address() + at, value);
    at += 4;
    return this;
  }

  /** A parameter of type {@code double}. */
  public LaunchBuffer real64(double value) {
    return integer64(Double.doubleToRawLongBits(value));
  }

  /**
   * Lets the kernel be brought onto the device when the one before allows it, before that is done;
   * it waits itself before it reads what that or others before it wrote. For compute capability 9.0
   * and later.
   */
  public LaunchBuffer early() {
    launch.numAttrs(1);
    return this;
  }

  /** Enqueues the launch on a grid of one dimension, without dynamic shared memory. */
  public void run(int blocks, int threads) {
    run(blocks, 1, 1, threads, 0);
  }

  /**
   * Enqueues the launch.
   *
   * @param x blocks in the first dimension of the grid, up to 2³¹ − 1; nothing runs if any is 0
   * @param y in the second, up to 65,535
   * @param z in the third, up to 65,535
   * @param threads of a block, in one dimension
   * @param sharedBytes dynamic shared memory of a block
   */
  public void run(int x, int y, int z, int threads, int sharedBytes) {
    Kernel launched = kernel;
    if (launched == null) {
      throw new IllegalStateException("Expected Kernel.with() before run()");
    }
    kernel = null;
    if (x == 0 || y == 0 || z == 0) {
      return;
    }
    device.enterToEnqueue();
    launched.allowShared(sharedBytes);
    size.put(at);
    launch.gridDimX(x).gridDimY(y).gridDimZ(z).blockDimX(threads).sharedMemBytes(sharedBytes);
    launch.hStream(device.stream());
    int status = cudart.cuLaunchKernelEx(launch, launched.function(), (PointerPointer) null, extra);
    CudaStatus.check(status, "run " + launched.name());
  }

  /** Frees the buffer. */
  @Override
  public void close() {
    bytes.close();
    size.close();
    extra.close();
    launch.close();
    early.close();
  }
}
