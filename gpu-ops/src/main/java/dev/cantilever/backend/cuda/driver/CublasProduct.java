package dev.cantilever.backend.cuda.driver;

import dev.cantilever.backend.DeviceException;
import dev.cantilever.memory.AddressRange;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;

/**
 * cuBLAS, to measure by: the rate of its products is what a card's tensor cores can be brought to.
 * No result of this project goes through it, because it promises no order of sums.
 */
public final class CublasProduct implements AutoCloseable {

  private final CudaDevice device;
  private final cublasContext handle = new cublasContext();

  private CublasProduct(CudaDevice device) {
    this.device = device;
    check(cublas.cublasCreate_v2(handle));
    check(cublas.cublasSetStream_v2(handle, device.stream()));
  }

  /** The library for a device, or nothing where it is not installed; the caller closes it. */
  public static Optional<CublasProduct> load(CudaDevice device) {
    try {
      Loader.load(cublas.class);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) { // measured by our own kernel instead
      return Optional.empty();
    }
    device.enter();
    return Optional.of(new CublasProduct(device));
  }

  /**
   * Enqueues y = x·wᵀ.
   *
   * @param y [N, O] BF16
   * @param x [N, I] BF16
   * @param w [O, I] BF16
   */
  public void product(Tensor y, Tensor x, Tensor w) {
    device.enterToEnqueue();
    int n = x.size(0);
    int in = x.size(1);
    int out = w.size(0);
    try (FloatPointer one = new FloatPointer(1f);
        FloatPointer zero = new FloatPointer(0f);
        AddressRange target = range(y);
        AddressRange left = range(w);
        AddressRange right = range(x)) {
      // Column-major, so yᵀ = w·xᵀ.
      check(
          cublas.cublasGemmEx(
              handle,
              cublas.CUBLAS_OP_T,
              cublas.CUBLAS_OP_N,
              out,
              n,
              in,
              one,
              left,
              cudart.CUDA_R_16BF,
              in,
              right,
              cudart.CUDA_R_16BF,
              in,
              zero,
              target,
              cudart.CUDA_R_16BF,
              out,
              cublas.CUBLAS_COMPUTE_32F,
              cublas.CUBLAS_GEMM_DEFAULT));
    }
  }

  private static AddressRange range(Tensor tensor) {
    return new AddressRange(tensor.address(), tensor.bytes());
  }

  private static void check(int status) {
    if (status != cublas.CUBLAS_STATUS_SUCCESS) {
      throw new DeviceException(
          "Expected cuBLAS to multiply, found its status %d. Check the installation of CUDA."
              .formatted(status));
    }
  }

  @Override
  public void close() {
    device.enter();
    check(cublas.cublasDestroy_v2(handle));
  }
}
