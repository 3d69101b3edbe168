package dev.cantilever.backend.meta;

import dev.cantilever.backend.Fork;
import dev.cantilever.backend.LinearTerm;
import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;

/** Products without data; the sizes of int8 weights and panels are the planned device's. */
final class MetaMatmulOps implements MatmulOps {

  private final DeviceProfile profile;
  private final PlannedWeights weights;

  MetaMatmulOps(DeviceProfile profile, PlannedWeights weights) {
    this.profile = profile;
    this.weights = weights;
  }

  @Override
  public void linear(Tensor y, Tensor x, Weight w) {
    OpChecks.linear(y, x, w);
    weights.weight("linear", w);
  }

  @Override
  public void linear(Tensor y, Tensor x, Weight w, Tensor residual) {
    OpChecks.linear(y, x, w, residual);
    weights.weight("linear", w);
  }

  @Override
  public void linearSum(Tensor y, LinearTerm first, LinearTerm second, Tensor residual) {
    OpChecks.linearSum(y, first, second, residual);
    weights.weight("linearSum", first.w());
    weights.weight("linearSum", second.w());
  }

  @Override
  public Fork linearPair(Tensor y1, LinearTerm first, Tensor y2, LinearTerm second) {
    OpChecks.linearPair(y1, first, y2, second);
    weights.weight("linearPair", first.w());
    weights.weight("linearPair", second.w());
    return Fork.inOrder();
  }

  @Override
  public void linearInputGradient(Tensor dx, Tensor dy, Weight w, boolean accumulate) {
    OpChecks.linearInputGradient(dx, dy, w);
    weights.weight("linearInputGradient", w);
  }

  @Override
  public void project(Tensor y, int column, Tensor x, Tensor p, float alpha, boolean accumulate) {
    OpChecks.project(y, column, x, p);
  }

  @Override
  public void projectInputGradient(
      Tensor dx, Tensor dy, int column, Tensor p, float alpha, boolean accumulate) {
    OpChecks.projectInputGradient(dx, dy, column, p);
  }

  @Override
  public void projectWeightGradient(
      Tensor dp, Tensor dy, int column, Tensor x, float alpha, PackedRows rows) {
    OpChecks.projectWeightGradient(dp, dy, column, x, rows);
  }

  @Override
  public void lowRank(Tensor y, Tensor x, List<LowRankTerm> terms) {
    OpChecks.lowRank(y, x, terms);
  }

  @Override
  public long int8Bytes(int outFeatures, int inFeatures) {
    return profile.int8Layout().bytes(outFeatures, inFeatures);
  }

  @Override
  public void quantize(Int8Weight target, Tensor source) {
    OpChecks.quantize(target, source);
    weights.int8("quantize", target);
  }

  @Override
  public void writeInt8(Int8Weight target, Tensor source) {
    OpChecks.writeInt8(target, source);
    weights.int8("writeInt8", target);
  }

  @Override
  public void readInt8(Tensor target, Int8Weight source) {
    OpChecks.readInt8(target, source);
    weights.int8("readInt8", source);
  }

  @Override
  public long panelBytes(Weight w) {
    return profile.panelLayout().applyAsLong(w);
  }

  @Override
  public void buildPanel(Weight w) {
    OpChecks.buildPanel(w, panelBytes(w));
    weights.weight("buildPanel", w);
  }

  @Override
  public void randomInt8(Int8Weight target, float absmax, long key) {
    OpChecks.randomInt8(target, absmax);
    weights.int8("randomInt8", target);
  }
}
