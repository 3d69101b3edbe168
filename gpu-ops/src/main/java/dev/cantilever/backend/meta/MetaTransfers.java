package dev.cantilever.backend.meta;

import dev.cantilever.backend.HostSource;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.Transfers;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;

/** Sizes are checked, nothing moves: a download leaves its target as it is. */
final class MetaTransfers implements Transfers {

  @Override
  public void upload(Tensor target, long hostAddress) {}

  /** Reads nothing. */
  @Override
  public void upload(Tensor target, HostSource source) {}

  @Override
  public void upload(Tensor target, float[] values) {
    OpChecks.transfer("upload", target, DType.F32, values.length);
  }

  @Override
  public void upload(Tensor target, int[] values) {
    OpChecks.transfer("upload", target, DType.I32, values.length);
  }

  @Override
  public void upload(Tensor target, long[] values) {
    OpChecks.transfer("upload", target, DType.I64, values.length);
  }

  @Override
  public void download(long hostAddress, Tensor source) {}

  @Override
  public void download(float[] target, Tensor source) {
    OpChecks.transfer("download", source, DType.F32, target.length);
  }

  @Override
  public void download(int[] target, Tensor source) {
    OpChecks.transfer("download", source, DType.I32, target.length);
  }

  @Override
  public void copy(Tensor target, Tensor source) {
    OpChecks.elementwise("copy", target, source);
  }

  @Override
  public void zero(Tensor target) {}

  @Override
  public void convert(Tensor target, Tensor source) {
    OpChecks.convert(target, source);
  }

  @Override
  public void fillUniform(Tensor target, float bound, long key) {
    OpChecks.fillUniform(target, bound);
  }
}
