package dev.cantilever.backend.meta;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.tensor.Tensor;

/** Elementwise operations without data. */
final class MetaActivationOps implements ActivationOps {

  @Override
  public void activate(Tensor y, Tensor x, Activation f) {
    OpChecks.activation("activate", y, x);
  }

  @Override
  public void activateBackward(Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate) {
    OpChecks.activation("activateBackward", dx, dy, x);
  }

  @Override
  public void activateGated(Tensor y, Tensor x, Activation f) {
    OpChecks.activateGated(y, x);
  }

  @Override
  public void activateGatedBackward(
      Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate) {
    OpChecks.activateGatedBackward(dx, dy, x);
  }

  @Override
  public void add(Tensor y, Tensor a, Tensor b) {
    OpChecks.activation("add", y, a, b);
  }

  @Override
  public void softcap(Tensor y, Tensor x, float cap) {
    OpChecks.softcap(y, x, cap);
  }

  @Override
  public void scale(Tensor y, Tensor x, float factor) {
    OpChecks.activation("scale", y, x);
  }

  @Override
  public void multiply(Tensor y, Tensor a, Tensor b) {
    OpChecks.activation("multiply", y, a, b);
  }

  @Override
  public void affineColumns(
      Tensor y, Tensor x, int column, Tensor factor, Tensor shift, boolean accumulate) {
    OpChecks.affineColumns(y, x, column, factor, shift);
  }

  @Override
  public void dropout(Tensor y, Tensor x, float p, long key, boolean accumulate) {
    OpChecks.dropout(y, x, p);
  }
}
