package dev.cantilever.backend.onednn;

import dev.cantilever.backend.HostSource;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.Transfers;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Copies where device and host are the same memory. */
final class OneDnnTransfers implements Transfers {

  /** Of a source: read at once by one worker. */
  private static final long PART_BYTES = 4L << 20;

  private final Workers workers;

  OneDnnTransfers(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void upload(Tensor target, long hostAddress) {
    HostMemory.copy(target.address(), hostAddress, target.bytes());
  }

  /** Into the tensor itself, a part a task. */
  @Override
  public void upload(Tensor target, HostSource source) throws IOException {
    long total = target.bytes();
    try {
      workers.parallel(
          Math.toIntExact((total + PART_BYTES - 1) / PART_BYTES),
          part -> {
            long offset = part * PART_BYTES;
            try {
              source.read(offset, Math.min(PART_BYTES, total - offset), target.address() + offset);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  public void upload(Tensor target, float[] values) {
    OpChecks.transfer("upload", target, DType.F32, values.length);
    HostMemory.put(target.address(), values, 0, values.length);
  }

  @Override
  public void upload(Tensor target, int[] values) {
    OpChecks.transfer("upload", target, DType.I32, values.length);
    HostMemory.put(target.address(), values, 0, values.length);
  }

  @Override
  public void upload(Tensor target, long[] values) {
    OpChecks.transfer("upload", target, DType.I64, values.length);
    HostMemory.put(target.address(), values, 0, values.length);
  }

  @Override
  public void download(long hostAddress, Tensor source) {
    HostMemory.copy(hostAddress, source.address(), source.bytes());
  }

  @Override
  public void download(float[] target, Tensor source) {
    OpChecks.transfer("download", source, DType.F32, target.length);
    HostMemory.get(source.address(), target, 0, target.length);
  }

  @Override
  public void download(int[] target, Tensor source) {
    OpChecks.transfer("download", source, DType.I32, target.length);
    HostMemory.get(source.address(), target, 0, target.length);
  }

  @Override
  public void copy(Tensor target, Tensor source) {
    OpChecks.elementwise("copy", target, source);
    HostMemory.copy(target.address(), source.address(), source.bytes());
  }

  @Override
  public void zero(Tensor target) {
    HostMemory.zero(target.address(), target.bytes());
  }

  @Override
  public void convert(Tensor target, Tensor source) {
    OpChecks.convert(target, source);
    Tiles.elements(
        workers,
        source.elements(),
        1,
        (from, count, buffers) -> {
          StoredFloats.read(buffers[0], 0, source, from, count);
          StoredFloats.write(target, from, buffers[0], 0, count);
        });
  }

  @Override
  public void fillUniform(Tensor target, float bound, long key) {
    OpChecks.fillUniform(target, bound);
    Tiles.elements(
        workers,
        target.elements(),
        1,
        (from, count, buffers) -> {
          RandomElements.uniforms(buffers[0], from, count, bound, key);
          StoredFloats.write(target, from, buffers[0], 0, count);
        });
  }
}
