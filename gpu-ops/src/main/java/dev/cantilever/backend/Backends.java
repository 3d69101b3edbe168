package dev.cantilever.backend;

import dev.cantilever.backend.cuda.CudaBackend;
import dev.cantilever.backend.cuda.CudaProfile;
import dev.cantilever.backend.cuda.KernelPath;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.CudaInstallation;
import dev.cantilever.backend.meta.DeviceProfile;
import dev.cantilever.backend.meta.MetaBackend;
import dev.cantilever.backend.onednn.OneDnnBackend;
import dev.cantilever.backend.onednn.OneDnnProfile;
import dev.cantilever.tensor.DType;
import java.util.OptionalLong;

/** The one factory of backends, and the only class that names an implementation. */
public final class Backends {

  private Backends() {}

  /**
   * Opens a device; the caller closes it.
   *
   * @param kind which device
   * @param budgetBytes hard ceiling of what this process takes of the device, {@link
   *     #outsideArenasBytes} included
   * @throws DeviceException if the device is not there
   * @throws dev.cantilever.memory.BudgetExceededException if not even its workspace fits
   */
  public static Backend open(BackendKind kind, long budgetBytes) {
    return open(kind, budgetBytes, DType.BF16);
  }

  /**
   * Opens a device as {@link #open} does, for comparisons with other implementations: products and
   * attention take what they are given in full precision.
   */
  public static Backend openFullPrecision(BackendKind kind, long budgetBytes) {
    return open(kind, budgetBytes, DType.F32);
  }

  private static Backend open(BackendKind kind, long budgetBytes, DType matrixInputs) {
    long arenas = arenaBytes(kind, budgetBytes);
    return switch (kind) {
      case CPU -> cpu(arenas, Runtime.getRuntime().availableProcessors());
      case CUDA -> cuda(arenas, matrixInputs);
    };
  }

  /**
   * What a process takes of a device beside all arenas, as the device's driver counts it: context
   * and kernels of a GPU. Part of every budget.
   */
  public static long outsideArenasBytes(BackendKind kind) {
    return switch (kind) {
      case CPU -> 0;
      case CUDA -> CudaProfile.CONTEXT_BYTES;
    };
  }

  /**
   * What a budget leaves for arenas; a byte where it leaves nothing, so that the table is shown.
   */
  private static long arenaBytes(BackendKind kind, long budgetBytes) {
    return Math.max(1, budgetBytes - outsideArenasBytes(kind));
  }

  /**
   * Opens the plan of a device, which need not be there: shapes and bytes only, under the budget
   * that {@link #open} would give it. The caller closes it.
   *
   * @param kind which device is planned for
   * @param budgetBytes as in {@link #open}
   * @throws dev.cantilever.memory.BudgetExceededException if not even its workspace fits
   */
  public static Backend meta(BackendKind kind, long budgetBytes) {
    DeviceProfile profile =
        switch (kind) {
          case CPU ->
              new DeviceProfile(
                  "cpu",
                  OneDnnProfile.ALIGNMENT,
                  false,
                  OneDnnProfile.WORKSPACE_BYTES,
                  OneDnnProfile.CAPABILITIES,
                  OneDnnProfile::int8Bytes,
                  OneDnnProfile::panelBytes);
          case CUDA ->
              new DeviceProfile(
                  "cuda",
                  CudaProfile.ALIGNMENT,
                  CudaProfile.ONE_RESERVATION,
                  CudaProfile.WORKSPACE_BYTES,
                  CudaProfile.capabilities(DType.BF16),
                  CudaProfile::int8Bytes,
                  weight -> 0);
        };
    return MetaBackend.create(profile, arenaBytes(kind, budgetBytes));
  }

  /** Number of CUDA devices that can be used; 0 without a driver. Never throws. */
  public static int cudaDevices() {
    return CudaInstallation.devices();
  }

  /**
   * Memory that the first CUDA device has free now; nothing where there is no device that can be
   * used.
   *
   * @throws DeviceException if there is one that does not tell
   */
  public static OptionalLong cudaFreeBytes() {
    return cudaDevices() == 0 ? OptionalLong.empty() : OptionalLong.of(CudaDevice.freeBytesOf(0));
  }

  /**
   * Opens the first CUDA device.
   *
   * @param budgetBytes hard ceiling of all arenas
   * @param matrixInputs BF16, or F32 for products of full precision, see {@link
   *     Capabilities#matrixInputs}; the KV cache has the same type
   * @throws DeviceException if there is no device, or it cannot be used
   */
  public static Backend cuda(long budgetBytes, DType matrixInputs) {
    return cuda(budgetBytes, matrixInputs, KernelPath.chosen());
  }

  /** Opens the first CUDA device as {@link #cuda(long, DType)} does, with a choice of kernels. */
  static Backend cuda(long budgetBytes, DType matrixInputs, KernelPath path) {
    return CudaBackend.create(budgetBytes, CudaProfile.WORKSPACE_BYTES, matrixInputs, path);
  }

  /**
   * Opens a device of shapes and bytes only that lays weights out as an open device does, without
   * its workspace and under no budget: for the sizes of what will be put there. The caller closes
   * it before the device.
   */
  public static Backend planned(Backend device) {
    return MetaBackend.create(DeviceProfile.of(device), Long.MAX_VALUE);
  }

  /**
   * Opens the CPU with a given number of threads, which changes no result.
   *
   * @param threads how many compute
   */
  public static Backend cpu(long budgetBytes, int threads) {
    return OneDnnBackend.create(budgetBytes, threads, OneDnnProfile.WORKSPACE_BYTES);
  }
}
