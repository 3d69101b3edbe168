package dev.cantilever.backend.cuda;

import dev.cantilever.backend.HostSource;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.Transfers;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.List;

/** Copies through pinned memory, conversions and random fills by kernels. */
final class CudaTransfers implements Transfers {

  static final KernelSource KERNELS = KernelSource.of(CudaTransfers.class, "transfers.cu");

  private static final int THREADS = 256;

  private final Execution execution;
  private final CudaDevice device;
  private final Staging staging;
  private final ReadAhead readAhead;

  CudaTransfers(Execution execution, Staging staging, ReadAhead readAhead) {
    this.execution = execution;
    this.device = execution.device();
    this.staging = staging;
    this.readAhead = readAhead;
  }

  /** Fills a piece of pinned memory with a part of what is uploaded. */
  private interface Filling {
    void fill(long piece, long offset, int bytes);
  }

  private void send(Tensor target, Filling filling) {
    long total = target.bytes();
    for (long offset = 0; offset < total; offset += Staging.pieceBytes()) {
      int bytes = (int) Math.min(Staging.pieceBytes(), total - offset);
      long piece = staging.take(bytes);
      filling.fill(piece, offset, bytes);
      staging.send(target.address() + offset, piece, bytes);
    }
  }

  @Override
  public void upload(Tensor target, long hostAddress) {
    send(target, (piece, offset, bytes) -> HostMemory.copy(piece, hostAddress + offset, bytes));
  }

  @Override
  public void upload(Tensor target, HostSource source) throws IOException {
    readAhead.upload(target.address(), target.bytes(), source);
  }

  @Override
  public void upload(Tensor target, float[] values) {
    OpChecks.transfer("upload", target, DType.F32, values.length);
    send(
        target,
        (piece, offset, bytes) -> HostMemory.put(piece, values, (int) (offset / 4), bytes / 4));
  }

  @Override
  public void upload(Tensor target, int[] values) {
    OpChecks.transfer("upload", target, DType.I32, values.length);
    send(
        target,
        (piece, offset, bytes) -> HostMemory.put(piece, values, (int) (offset / 4), bytes / 4));
  }

  @Override
  public void upload(Tensor target, long[] values) {
    OpChecks.transfer("upload", target, DType.I64, values.length);
    send(
        target,
        (piece, offset, bytes) -> HostMemory.put(piece, values, (int) (offset / 8), bytes / 8));
  }

  @Override
  public void download(long hostAddress, Tensor source) {
    receive(source, (piece, offset, bytes) -> HostMemory.copy(hostAddress + offset, piece, bytes));
  }

  @Override
  public void download(float[] target, Tensor source) {
    OpChecks.transfer("download", source, DType.F32, target.length);
    receive(
        source,
        (piece, offset, bytes) -> HostMemory.get(piece, target, (int) (offset / 4), bytes / 4));
  }

  @Override
  public void download(int[] target, Tensor source) {
    OpChecks.transfer("download", source, DType.I32, target.length);
    receive(
        source,
        (piece, offset, bytes) -> HostMemory.get(piece, target, (int) (offset / 4), bytes / 4));
  }

  /** The last piece and the word of faults come in one wait. */
  private void receive(Tensor source, Filling emptying) {
    long total = source.bytes();
    for (long offset = 0; offset < total; offset += Staging.pieceBytes()) {
      int bytes = (int) Math.min(Staging.pieceBytes(), total - offset);
      if (offset + bytes == total) {
        execution.faults().fetch();
      }
      emptying.fill(staging.fetch(source.address() + offset, bytes), offset, bytes);
    }
    if (total == 0) {
      execution.faults().check();
    } else {
      execution.faults().settle();
    }
  }

  @Override
  public void copy(Tensor target, Tensor source) {
    OpChecks.elementwise("copy", target, source);
    device.copy(target.address(), source.address(), source.bytes());
  }

  @Override
  public void zero(Tensor target) {
    device.fill(target.address(), 0, target.bytes());
  }

  @Override
  public void convert(Tensor target, Tensor source) {
    OpChecks.convert(target, source);
    execution
        .kernels()
        .kernel(KERNELS, "convert")
        .with()
        .pointer(target)
        .pointer(source)
        .integer64(source.elements())
        .integer(StorageCode.of(target.dtype()))
        .integer(StorageCode.of(source.dtype()))
        .run(Grids.strided(source.elements(), THREADS, device), THREADS);
  }

  @Override
  public void fillUniform(Tensor target, float bound, long key) {
    OpChecks.fillUniform(target, bound);
    execution
        .kernels()
        .kernel(KERNELS, "fill_uniform")
        .with()
        .pointer(target)
        .integer64(target.elements())
        .integer(StorageCode.of(target.dtype()))
        .real(bound)
        .integer64(key)
        .run(Grids.strided(target.elements(), THREADS, device), THREADS);
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
