package dev.cantilever.backend.meta;

import static dev.cantilever.backend.meta.OpCase.Argument.flat;
import static dev.cantilever.backend.meta.OpCase.Argument.of;
import static dev.cantilever.tensor.DType.BF16;
import static dev.cantilever.tensor.DType.F16;
import static dev.cantilever.tensor.DType.F32;
import static dev.cantilever.tensor.DType.I8;

import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Products with weights. */
class MetaMatmulOpsTest extends MetaOpsConformance {

  private static final int COLUMN = 4;

  private static Weight dense(Map<String, Tensor> t) {
    return DenseWeight.of(tensor(t, "weight"), Optional.of(tensor(t, "bias")));
  }

  private static Int8Weight int8(Map<String, Tensor> t) {
    return new Int8Weight(
        6,
        8,
        tensor(t, "data"),
        tensor(t, "absmax"),
        Int8Mode.WEIGHT_ONLY,
        Optional.empty(),
        Optional.empty());
  }

  private static LowRankTerm term(Map<String, Tensor> t) {
    return new LowRankTerm(tensor(t, "a"), tensor(t, "b"), COLUMN, 1);
  }

  static Stream<OpCase> cases() {
    return Stream.of(
        op(
            "linear",
            (b, t) -> b.matmul().linear(tensor(t, "y"), tensor(t, "x"), dense(t)),
            of("y", F32, 5, 6),
            of("x", F32, 5, 8),
            of("weight", BF16, 6, 8),
            of("bias", F16, 6)),
        op(
            "linear",
            (b, t) ->
                b.matmul().linear(tensor(t, "y"), tensor(t, "x"), dense(t), tensor(t, "residual")),
            of("y", F32, 5, 6),
            of("x", F32, 5, 8),
            of("weight", BF16, 6, 8),
            of("bias", F16, 6),
            of("residual", F32, 5, 6)),
        op(
            "linear",
            (b, t) -> b.matmul().linear(tensor(t, "y"), tensor(t, "x"), int8(t)),
            of("y", F32, 5, 6),
            of("x", F32, 5, 8),
            flat("data", I8, 48),
            of("absmax", F32, 6)),
        op(
            "linearInputGradient",
            (b, t) ->
                b.matmul().linearInputGradient(tensor(t, "dx"), tensor(t, "dy"), dense(t), true),
            of("dx", F32, 5, 8),
            of("dy", F32, 5, 6),
            of("weight", F16, 6, 8),
            of("bias", F16, 6)),
        op(
            "linearInputGradient",
            (b, t) ->
                b.matmul().linearInputGradient(tensor(t, "dx"), tensor(t, "dy"), int8(t), false),
            of("dx", F32, 5, 8),
            of("dy", F32, 5, 6),
            flat("data", I8, 48),
            of("absmax", F32, 6)),
        op(
            "project",
            (b, t) ->
                b.matmul().project(tensor(t, "y"), COLUMN, tensor(t, "x"), tensor(t, "p"), 1, true),
            of("y", F32, 5, 6),
            of("x", F32, 5, 8),
            of("p", F32, 2, 8).free(0)),
        op(
            "projectInputGradient",
            (b, t) ->
                b.matmul()
                    .projectInputGradient(
                        tensor(t, "dx"), tensor(t, "dy"), COLUMN, tensor(t, "p"), 1, false),
            of("dx", F32, 5, 8),
            of("dy", F32, 5, 6),
            of("p", F32, 2, 8).free(0)),
        op(
            "projectWeightGradient",
            (b, t) ->
                b.matmul()
                    .projectWeightGradient(
                        tensor(t, "dp"), tensor(t, "dy"), COLUMN, tensor(t, "x"), 1, rows()),
            of("dp", F32, 2, 8).free(0),
            of("dy", F32, 5, 6),
            of("x", F32, 5, 8)),
        op(
            "lowRank",
            (b, t) -> b.matmul().lowRank(tensor(t, "y"), tensor(t, "x"), List.of(term(t))),
            of("y", F32, 5, 6),
            of("x", F32, 5, 8),
            of("a", F32, 3, 8),
            of("b", F32, 2, 3).free(0)),
        op(
            "quantize",
            (b, t) -> b.matmul().quantize(int8(t), tensor(t, "source")),
            flat("data", I8, 48),
            of("absmax", F32, 6),
            of("source", BF16, 6, 8)),
        op(
            "randomInt8",
            (b, t) -> b.matmul().randomInt8(int8(t), 0.5f, 3),
            flat("data", I8, 48),
            of("absmax", F32, 6)),
        op(
            "readInt8",
            (b, t) -> b.matmul().readInt8(tensor(t, "target"), int8(t)),
            of("target", I8, 6, 8),
            flat("data", I8, 48),
            flat("absmax", F32, 6)),
        op(
            "writeInt8",
            (b, t) -> b.matmul().writeInt8(int8(t), tensor(t, "source")),
            flat("data", I8, 48),
            of("absmax", F32, 6),
            of("source", I8, 6, 8)));
  }
}
