package dev.cantilever.backend.meta;

import static dev.cantilever.backend.meta.OpCase.Argument.flat;
import static dev.cantilever.backend.meta.OpCase.Argument.of;
import static dev.cantilever.tensor.DType.BF16;
import static dev.cantilever.tensor.DType.F16;
import static dev.cantilever.tensor.DType.F32;
import static dev.cantilever.tensor.DType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.AdamWStep;
import dev.cantilever.backend.AdamWTensors;
import java.util.List;
import java.util.stream.Stream;

/** Norms, activations, embeddings and the optimizer. */
class MetaElementOpsTest extends MetaOpsConformance {

  static Stream<OpCase> cases() {
    return Stream.of(
        op(
            "layerNorm",
            (b, t) ->
                b.norm()
                    .layerNorm(
                        tensor(t, "y"), tensor(t, "x"), tensor(t, "gamma"), tensor(t, "beta"), 0),
            of("y", F32, 5, 8),
            of("x", F32, 5, 8),
            of("gamma", F16, 8),
            of("beta", BF16, 8)),
        op(
            "layerNormBackward",
            (b, t) ->
                b.norm()
                    .layerNormBackward(
                        tensor(t, "dx"),
                        tensor(t, "dy"),
                        tensor(t, "x"),
                        tensor(t, "gamma"),
                        0,
                        true),
            of("dx", F32, 5, 8),
            of("dy", F32, 5, 8),
            of("x", F32, 5, 8),
            of("gamma", F16, 8)),
        op(
            "rmsNorm",
            (b, t) -> b.norm().rmsNorm(tensor(t, "y"), tensor(t, "x"), tensor(t, "gamma"), 0),
            of("y", F32, 5, 8),
            of("x", F32, 5, 8),
            of("gamma", BF16, 8)),
        op(
            "rmsNormBackward",
            (b, t) ->
                b.norm()
                    .rmsNormBackward(
                        tensor(t, "dx"),
                        tensor(t, "dy"),
                        tensor(t, "x"),
                        tensor(t, "gamma"),
                        0,
                        true),
            of("dx", F32, 5, 8),
            of("dy", F32, 5, 8),
            of("x", F32, 5, 8),
            of("gamma", F16, 8)),
        op(
            "headNorm",
            (b, t) ->
                b.norm()
                    .headNorm(
                        tensor(t, "y"),
                        tensor(t, "x"),
                        tensor(t, "queryGamma"),
                        tensor(t, "keyGamma"),
                        0,
                        SPEC),
            of("y", F32, 5, 16),
            of("x", F32, 5, 16),
            of("queryGamma", F16, 2),
            of("keyGamma", F16, 2)),
        op(
            "headNormBackward",
            (b, t) ->
                b.norm()
                    .headNormBackward(
                        tensor(t, "dx"),
                        tensor(t, "dy"),
                        tensor(t, "x"),
                        tensor(t, "queryGamma"),
                        tensor(t, "keyGamma"),
                        0,
                        SPEC,
                        true),
            of("dx", F32, 5, 16),
            of("dy", F32, 5, 16),
            of("x", F32, 5, 16),
            of("queryGamma", BF16, 2),
            of("keyGamma", BF16, 2)),
        op(
            "activateGated",
            (b, t) -> b.activation().activateGated(tensor(t, "y"), tensor(t, "x"), Activation.SILU),
            of("y", F32, 5, 8),
            of("x", F32, 5, 16)),
        op(
            "activateGatedBackward",
            (b, t) ->
                b.activation()
                    .activateGatedBackward(
                        tensor(t, "dx"), tensor(t, "dy"), tensor(t, "x"), Activation.SILU, true),
            of("dx", F32, 5, 16),
            of("dy", F32, 5, 8),
            of("x", F32, 5, 16)),
        op(
            "activate",
            (b, t) -> b.activation().activate(tensor(t, "y"), tensor(t, "x"), Activation.GELU),
            flat("y", F32, 5, 8),
            flat("x", F32, 5, 8)),
        op(
            "activateBackward",
            (b, t) ->
                b.activation()
                    .activateBackward(
                        tensor(t, "dx"), tensor(t, "dy"), tensor(t, "x"), Activation.TANH, true),
            flat("dx", F32, 5, 8),
            flat("dy", F32, 5, 8),
            flat("x", F32, 5, 8)),
        op(
            "add",
            (b, t) -> b.activation().add(tensor(t, "y"), tensor(t, "a"), tensor(t, "b")),
            flat("y", F32, 5, 8),
            flat("a", F32, 5, 8),
            flat("b", F32, 40)),
        op(
            "dropout",
            (b, t) -> b.activation().dropout(tensor(t, "y"), tensor(t, "x"), 0.1f, 3, false),
            flat("y", F32, 5, 8),
            flat("x", F32, 5, 8)),
        op(
            "gather",
            (b, t) ->
                b.embedding().gather(tensor(t, "y"), tensor(t, "table"), tensor(t, "ids"), true),
            of("y", F32, 5, 8),
            of("table", BF16, 11, 8).free(0),
            of("ids", I32, 5)),
        op(
            "scatterAdd",
            (b, t) -> b.embedding().scatterAdd(tensor(t, "dx"), tensor(t, "dy"), tensor(t, "ids")),
            of("dx", F32, 5, 8).free(0),
            of("dy", F32, 3, 8),
            of("ids", I32, 3)),
        op(
            "adamW",
            (b, t) ->
                b.optimizer()
                    .adamW(
                        List.of(
                            new AdamWTensors(
                                tensor(t, "p"), tensor(t, "g"), tensor(t, "m"), tensor(t, "v"))),
                        new AdamWStep(1e-3, 0.9, 0.999, 1e-8, 0, 1)),
            flat("p", F32, 6, 8),
            flat("g", F32, 6, 8),
            flat("m", F32, 6, 8),
            flat("v", F32, 6, 8)),
        op(
            "squaredNorm",
            (b, t) -> assertThat(b.optimizer().squaredNorm(List.of(tensor(t, "g")))).isZero(),
            flat("g", F32, 6, 8).free(0).free(1)),
        op(
            "scale",
            (b, t) -> b.optimizer().scale(tensor(t, "g"), 0.5f),
            flat("g", F32, 6, 8).free(0).free(1)));
  }
}
