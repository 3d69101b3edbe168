package dev.cantilever.backend.cuda;

import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Capabilities;
import dev.cantilever.backend.DriverReading;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.Fork;
import dev.cantilever.backend.HeadTerms;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.backend.Recording;
import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.Transfers;
import dev.cantilever.backend.cuda.driver.ComputeCapability;
import dev.cantilever.backend.cuda.driver.CubinCache;
import dev.cantilever.backend.cuda.driver.CublasProduct;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.DeviceMonitor;
import dev.cantilever.backend.cuda.driver.KernelLibrary;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.MemoryBudget;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An NVIDIA GPU as a device: one card, one context. */
public final class CudaBackend implements Backend {

  private final DeviceLock lock;
  private final CudaDevice device;
  private final DeviceMonitor monitor;
  private final KernelLibrary kernels;
  private final Reservation reservation;
  private final MemoryBudget budget;
  private final Arena workspace;
  private final Execution execution;
  private final Faults faults;
  private final Staging staging;
  private final ReadAhead readAhead;
  private final Capabilities capabilities;
  private final Transfers transfers;
  private final MatmulOps matmul;
  private final NormOps norm;
  private final AttentionOps attention;
  private final ActivationOps activation;
  private final EmbeddingOps embedding;
  private final LossOps loss;
  private final SamplingOps sampling;
  private final OptimizerOps optimizer;
  private @Nullable Optional<CublasProduct> vendor; // asked for by benchmarks only
  private boolean closed;

  private CudaBackend(
      DeviceLock lock,
      CudaDevice device,
      long budgetBytes,
      long workspaceBytes,
      DType inputs,
      KernelPath path) {
    this.lock = lock;
    this.device = device;
    this.monitor = DeviceMonitor.of(device);
    this.kernels = new KernelLibrary(device, CubinCache.standard());
    this.reservation = new Reservation(device, budgetBytes);
    this.budget = new MemoryBudget(device.name(), budgetBytes, reservation.memory());
    this.workspace = budget.open("cuda workspace", Purpose.WORKSPACE, workspaceBytes);
    this.faults = new Faults(device, kernels, workspace.allocate(Faults.BYTES));
    long counterBytes = 2L * Integer.BYTES * WarpgroupProduct.MOST_TILES;
    long tileCounters = workspace.allocate(2 * counterBytes);
    device.fill(tileCounters, 0, 2 * counterBytes);
    Relay relay = new Relay(device::enqueued, workspace.allocate(Relay.BYTES));
    device.fill(relay.words(), 0, Relay.BYTES);
    long turns = workspace.allocate(RotaryTable.BYTES);
    boolean hopper =
        path == KernelPath.BEST && device.capability().equals(ComputeCapability.HOPPER);
    RoundedRows roundedRows =
        hopper && inputs == DType.BF16 ? roundedRows(device, workspace) : RoundedRows.none();
    Branches branches =
        new Branches(
            workspace,
            workspaceBytes - workspace.usedBytes(),
            tileCounters,
            counterBytes,
            roundedRows);
    this.staging = new Staging(device);
    this.readAhead = new ReadAhead(device);
    this.capabilities = CudaProfile.capabilities(inputs);
    this.execution =
        new Execution(
            device, kernels, faults, workspace, branches, roundedRows, relay, hopper, inputs);
    transfers = new CudaTransfers(execution, staging, readAhead);
    matmul = new CudaMatmulOps(execution);
    norm = new CudaNormOps(execution);
    attention = new CudaAttentionOps(execution, new RotaryTable(execution, turns));
    activation = new CudaActivationOps(execution);
    embedding = new CudaEmbeddingOps(execution);
    loss = new CudaLossOps(execution, new HeadTerms(matmul, activation));
    sampling = new CudaSamplingOps(execution, staging);
    optimizer = new CudaOptimizerOps(execution, staging);
  }

  private static RoundedRows roundedRows(CudaDevice device, Arena workspace) {
    long regionBytes = RoundedRows.REGION_BYTES;
    long address = workspace.allocate(RoundedRows.BRANCHES * regionBytes);
    return new RoundedRows(device::enqueued, address, regionBytes);
  }

  /**
   * Opens the first card, which this process then has to itself.
   *
   * @param budgetBytes ceiling of all arenas, taken of the card at once
   * @param workspaceBytes scratch of operations, taken at once
   * @param matrixInputs BF16 or F32, see {@link Capabilities#matrixInputs}
   * @param path which kernels
   * @throws dev.cantilever.backend.DeviceException if there is none that can be used, or another
   *     process of this program has it
   */
  public static CudaBackend create(
      long budgetBytes, long workspaceBytes, DType matrixInputs, KernelPath path) {
    if (matrixInputs != DType.BF16 && matrixInputs != DType.F32) {
      throw new IllegalArgumentException(
          "Expected BF16 or F32 as inputs of products, got " + matrixInputs);
    }
    // Locked before it is opened: a context takes memory that the holder may count on.
    DeviceLock lock = DeviceLock.take(CudaDevice.identityOf(0));
    try {
      CudaDevice device = CudaDevice.open(0);
      try {
        return new CudaBackend(lock, device, budgetBytes, workspaceBytes, matrixInputs, path);
      } catch (RuntimeException | Error e) {
        device.close(); // and with its context goes whatever was made in it
        throw e;
      }
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  @Override
  public String device() {
    return device.name();
  }

  @Override
  public MemoryBudget budget() {
    return budget;
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  @Override
  public Transfers transfers() {
    return transfers;
  }

  @Override
  public MatmulOps matmul() {
    return matmul;
  }

  @Override
  public NormOps norm() {
    return norm;
  }

  @Override
  public AttentionOps attention() {
    return attention;
  }

  @Override
  public ActivationOps activation() {
    return activation;
  }

  @Override
  public EmbeddingOps embedding() {
    return embedding;
  }

  @Override
  public LossOps loss() {
    return loss;
  }

  @Override
  public SamplingOps sampling() {
    return sampling;
  }

  @Override
  public OptimizerOps optimizer() {
    return optimizer;
  }

  @Override
  public boolean vendorProduct(Tensor y, Tensor x, Tensor w) {
    if (vendor == null) {
      vendor = CublasProduct.load(device);
    }
    vendor.ifPresent(library -> library.product(y, x, w));
    return vendor.isPresent();
  }

  @Override
  public Recording record(Runnable operations) {
    return new CudaRecording(device, faults, operations);
  }

  @Override
  public Fork fork() {
    return execution.fork();
  }

  @Override
  public void synchronize() {
    faults.check();
  }

  @Override
  public Optional<DriverReading> driverReading() {
    return Optional.of(monitor.read());
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    monitor.close();
    try {
      device.synchronize();
      if (vendor != null) {
        vendor.ifPresent(CublasProduct::close);
      }
      readAhead.close();
      staging.close();
      faults.close();
      workspace.close();
      reservation.close();
      kernels.close();
    } finally {
      try {
        device.close(); // after a failed kernel too: its memory is the next process's
      } finally {
        lock.close();
      }
    }
  }
}
