package dev.cantilever.backend.meta;

import static dev.cantilever.backend.meta.OpCase.Argument.of;
import static dev.cantilever.tensor.DType.F16;
import static dev.cantilever.tensor.DType.F32;
import static dev.cantilever.tensor.DType.F64;
import static dev.cantilever.tensor.DType.I32;
import static dev.cantilever.tensor.DType.I64;

import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.tensor.DenseWeight;
import java.util.Optional;
import java.util.stream.Stream;

/** Log-probabilities of tokens, and drawing them. */
class MetaLossOpsTest extends MetaOpsConformance {

  static Stream<OpCase> cases() {
    return Stream.of(
        op(
            "tokenLogprobs",
            (b, t) ->
                b.loss()
                    .tokenLogprobs(
                        tensor(t, "logprobs"),
                        tensor(t, "entropy"),
                        tensor(t, "normalizers"),
                        HeadInput.of(tensor(t, "hidden"), DenseWeight.of(tensor(t, "head"))),
                        tensor(t, "targets"),
                        LogitSpec.PLAIN),
            of("logprobs", F32, 3),
            of("entropy", F32, 3),
            of("normalizers", F64, 3, 2),
            of("hidden", F32, 3, 8),
            of("head", F16, 11, 8).free(0),
            of("targets", I32, 3)),
        op(
            "tokenLogprobsBackward",
            (b, t) ->
                b.loss()
                    .tokenLogprobsBackward(
                        tensor(t, "dHidden"),
                        new HeadGradient(
                            Optional.of(tensor(t, "matrix")), Optional.of(tensor(t, "bias"))),
                        tensor(t, "dLogprobs"),
                        tensor(t, "normalizers"),
                        HeadInput.of(tensor(t, "hidden"), DenseWeight.of(tensor(t, "head"))),
                        tensor(t, "targets"),
                        LogitSpec.PLAIN),
            of("dHidden", F32, 3, 8),
            of("matrix", F32, 11, 8),
            of("bias", F32, 11),
            of("dLogprobs", F32, 3),
            of("normalizers", F64, 3, 2),
            of("hidden", F32, 3, 8),
            of("head", F16, 11, 8),
            of("targets", I32, 3)),
        op(
            "fullKl",
            (b, t) ->
                b.loss()
                    .fullKl(
                        tensor(t, "kl"),
                        HeadInput.of(tensor(t, "hiddenP"), DenseWeight.of(tensor(t, "headP"))),
                        HeadInput.of(tensor(t, "hiddenQ"), DenseWeight.of(tensor(t, "headQ"))),
                        LogitSpec.PLAIN),
            of("kl", F32, 3),
            of("hiddenP", F32, 3, 8),
            of("headP", F16, 11, 8),
            of("hiddenQ", F32, 3, 8),
            of("headQ", F16, 11, 8)),
        op(
            "sample",
            (b, t) ->
                b.sampling()
                    .sample(
                        tensor(t, "tokens"),
                        tensor(t, "logprobs"),
                        tensor(t, "logits"),
                        tensor(t, "queryIds"),
                        tensor(t, "positions"),
                        SamplingSpec.PLAIN,
                        1,
                        2),
            of("tokens", I32, 2),
            of("logprobs", F32, 2),
            of("logits", F32, 2, 11).free(1),
            of("queryIds", I64, 2),
            of("positions", I32, 2)),
        op(
            "feedTokens",
            (b, t) ->
                b.sampling()
                    .feedTokens(
                        tensor(t, "ids"),
                        tensor(t, "positions"),
                        tensor(t, "responsePositions"),
                        tensor(t, "kept"),
                        tensor(t, "place"),
                        tensor(t, "tokens"),
                        tensor(t, "logprobs")),
            of("ids", I32, 2),
            of("positions", I32, 2),
            of("responsePositions", I32, 2),
            of("kept", I32, 5, 4).free(0),
            of("place", I32, 1),
            of("tokens", I32, 2),
            of("logprobs", F32, 2)));
  }
}
