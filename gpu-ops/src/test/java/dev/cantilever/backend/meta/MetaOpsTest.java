package dev.cantilever.backend.meta;

import static dev.cantilever.backend.meta.OpCase.Argument.flat;
import static dev.cantilever.backend.meta.OpCase.Argument.of;
import static dev.cantilever.tensor.DType.BF16;
import static dev.cantilever.tensor.DType.F16;
import static dev.cantilever.tensor.DType.F32;
import static dev.cantilever.tensor.DType.F64;
import static dev.cantilever.tensor.DType.I32;
import static dev.cantilever.tensor.DType.I64;
import static dev.cantilever.tensor.DType.I8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.AdamWStep;
import dev.cantilever.backend.AdamWTensors;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.backend.DistanceBias;
import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation takes tensors of the right shapes and refuses every other. */
class MetaOpsTest {

  /*
   * Sizes, all different where they meet: N=5 tokens in B=2 rows, M=3 selected, C=I=8, O=6, V=11,
   * R=2 columns at 4 of Y=6; H=4 heads of D=2 over K=2, so W=16, H·D=8, K·D=4; 7
   * other keys in as many rows.
   */
  private static final AttentionSpec SPEC =
      new AttentionSpec(4, 2, 2, HeadLayout.SPLIT, true, 0.7f, RotarySpec.unscaled(2, 10_000));
  private static final AttentionSpec CROSS =
      new AttentionSpec(4, 2, 2, HeadLayout.SPLIT, false, 0.7f, RotarySpec.NONE);
  private static final int COLUMN = 4;

  private MetaBackend backend;
  private Arena arena;

  @BeforeEach
  void open() {
    backend = MetaBackend.create(Profiles.PLAIN, 1 << 30);
    arena = backend.budget().open("arguments", Purpose.BATCH);
  }

  @AfterEach
  void close() {
    arena.close();
    backend.close();
    assertThat(backend.budget().openArenas()).isEmpty();
    assertThat(backend.budget().liveBytes()).isZero();
  }

  private static PackedRows rows() {
    return new PackedRows(new int[] {0, 2, 5}, Tensor.at(PlannedAddresses.FIRST, I32, Shape.of(3)));
  }

  private static PackedRows keyRows() {
    return new PackedRows(new int[] {0, 4, 7}, Tensor.at(PlannedAddresses.FIRST, I32, Shape.of(3)));
  }

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

  private static Tensor tensor(Map<String, Tensor> tensors, String name) {
    return Optional.ofNullable(tensors.get(name)).orElseThrow();
  }

  private static OpCase op(String name, OpCase.Call call, OpCase.Argument... arguments) {
    return new OpCase(name, List.of(arguments), call);
  }

  static Stream<OpCase> cases() {
    return Stream.of(matmul(), loss(), attention(), rest()).flatMap(s -> s);
  }

  private static Stream<OpCase> matmul() {
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

  private static Stream<OpCase> loss() {
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

  private static Stream<OpCase> attention() {
    return Stream.of(
        op(
            "attention",
            (b, t) ->
                b.attention()
                    .attention(tensor(t, "out"), tensor(t, "lse"), tensor(t, "qkv"), rows(), SPEC),
            of("out", F32, 5, 8),
            of("lse", F32, 5, 4),
            of("qkv", F32, 5, 16)),
        op(
            "attentionBackward",
            (b, t) ->
                b.attention()
                    .attentionBackward(
                        tensor(t, "dQkv"),
                        tensor(t, "dOut"),
                        tensor(t, "qkv"),
                        tensor(t, "out"),
                        tensor(t, "lse"),
                        rows(),
                        SPEC),
            of("dQkv", F32, 5, 16),
            of("dOut", F32, 5, 8),
            of("qkv", F32, 5, 16),
            of("out", F32, 5, 8),
            of("lse", F32, 5, 4)),
        op(
            "placeTokens",
            (b, t) ->
                b.attention()
                    .placeTokens(
                        newTokens(t),
                        new KvPages(
                            tensor(t, "pageTable"), // no keys or values are looked at
                            tensor(t, "pageTable"),
                            tensor(t, "pageTable"),
                            tensor(t, "lengths"),
                            32),
                        SPEC),
            of("slots", I32, 2),
            of("places", I32, 5),
            of("turns", F32, 5, SPEC.rotary().dims()),
            of("pageTable", I32, 7, 10).free(1),
            of("lengths", I32, 7)),
        attentionCached(F32),
        attentionCached(BF16),
        biasedAttention(),
        crossAttention(),
        crossAttentionBackward(),
        appendKeys(),
        crossAttentionCached(),
        disentangledAttention(),
        op(
            "advance",
            (b, t) -> b.attention().advance(tensor(t, "lengths"), tensor(t, "slots"), rows()),
            of("lengths", I32, 7).free(0),
            of("slots", I32, 2)));
  }

  private static NewTokens newTokens(Map<String, Tensor> t) {
    return new NewTokens(rows(), tensor(t, "slots"), tensor(t, "places"), tensor(t, "turns"));
  }

  private static OpCase biasedAttention() {
    return op(
        "attention",
        (b, t) ->
            b.attention()
                .attention(
                    tensor(t, "out"),
                    tensor(t, "lse"),
                    tensor(t, "qkv"),
                    rows(),
                    SPEC.withScores(ScoreSpec.PLAIN.withBias(new DistanceBias(tensor(t, "bias"))))),
        of("out", F32, 5, 8),
        of("lse", F32, 5, 4),
        of("qkv", F32, 5, 16),
        of("bias", F32, 4, 7));
  }

  private static OpCase crossAttention() {
    return op(
        "crossAttention",
        (b, t) ->
            b.attention()
                .crossAttention(
                    tensor(t, "out"),
                    tensor(t, "lse"),
                    tensor(t, "queries"),
                    tensor(t, "keysValues"),
                    rows(),
                    keyRows(),
                    CROSS),
        of("out", F32, 5, 8),
        of("lse", F32, 5, 4),
        of("queries", F32, 5, 8),
        of("keysValues", F32, 7, 8));
  }

  private static OpCase crossAttentionBackward() {
    return op(
        "crossAttentionBackward",
        (b, t) ->
            b.attention()
                .crossAttentionBackward(
                    tensor(t, "dQueries"),
                    tensor(t, "dKeysValues"),
                    tensor(t, "dOut"),
                    tensor(t, "queries"),
                    tensor(t, "keysValues"),
                    tensor(t, "out"),
                    tensor(t, "lse"),
                    rows(),
                    keyRows(),
                    CROSS),
        of("dQueries", F32, 5, 8),
        of("dKeysValues", F32, 7, 8),
        of("dOut", F32, 5, 8),
        of("queries", F32, 5, 8),
        of("keysValues", F32, 7, 8),
        of("out", F32, 5, 8),
        of("lse", F32, 5, 4));
  }

  private static OpCase appendKeys() {
    return op(
        "appendKeys",
        (b, t) -> b.attention().appendKeys(pages(t), tensor(t, "keysValues"), unrotated(t), CROSS),
        of("keysValues", F32, 5, 8),
        of("keys", BF16, 9, 32, 4),
        of("values", BF16, 9, 32, 4),
        of("pageTable", I32, 7, 10).free(1),
        of("lengths", I32, 7),
        of("slots", I32, 2),
        of("places", I32, 5));
  }

  private static NewTokens unrotated(Map<String, Tensor> t) {
    Tensor turns = Tensor.at(PlannedAddresses.FIRST, F32, Shape.of(5, 0));
    return new NewTokens(rows(), tensor(t, "slots"), tensor(t, "places"), turns);
  }

  private static OpCase crossAttentionCached() {
    return op(
        "crossAttentionCached",
        (b, t) ->
            b.attention()
                .crossAttentionCached(
                    tensor(t, "out"),
                    tensor(t, "queries"),
                    pages(t),
                    tensor(t, "slots"),
                    rows(),
                    CROSS),
        of("out", F32, 5, 8),
        of("queries", F32, 5, 8),
        of("keys", F32, 9, 32, 4),
        of("values", F32, 9, 32, 4),
        of("pageTable", I32, 7, 10).free(1),
        of("lengths", I32, 7),
        of("slots", I32, 2));
  }

  private static KvPages pages(Map<String, Tensor> t) {
    return new KvPages(
        tensor(t, "keys"), tensor(t, "values"), tensor(t, "pageTable"), tensor(t, "lengths"), 32);
  }

  private static OpCase disentangledAttention() {
    DisentangledSpec spec = new DisentangledSpec(4, 2, 1, OptionalInt.of(16), OptionalInt.of(8));
    return op(
        "disentangledAttention",
        (b, t) ->
            b.attention()
                .disentangledAttention(
                    tensor(t, "out"),
                    tensor(t, "qkv"),
                    tensor(t, "positions"),
                    tensor(t, "places"),
                    rows(),
                    spec),
        of("out", F32, 5, 8),
        of("qkv", F32, 5, 24),
        of("positions", F32, 6, 24).free(0),
        of("places", I32, 7));
  }

  private static OpCase attentionCached(DType type) {
    return op(
        "attentionCached",
        (b, t) ->
            b.attention()
                .attentionCached(tensor(t, "out"), tensor(t, "qkv"), pages(t), newTokens(t), SPEC),
        of("out", F32, 5, 8),
        of("qkv", F32, 5, 16),
        of("keys", type, 9, 32, 4),
        of("values", type, 9, 32, 4),
        of("pageTable", I32, 7, 10).free(1),
        of("lengths", I32, 7),
        of("slots", I32, 2),
        of("places", I32, 5),
        of("turns", F32, 5, SPEC.rotary().dims()));
  }

  private static Stream<OpCase> rest() {
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

  @ParameterizedTest
  @MethodSource("cases")
  void op_rightShapes_isAcceptedAndAllocatesNothing(OpCase op) {
    long expected =
        op.arguments().stream()
            .mapToLong(a -> (new Shape(a.dims()).bytes(a.type()) + 63) / 64 * 64)
            .sum();

    op.accepted(backend, arena);

    assertThat(arena.usedBytes()).isEqualTo(expected);
    assertThat(backend.budget().openArenas())
        .containsExactly(Profiles.PLAIN.device() + " workspace", "arguments");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void op_oneArgumentWrong_isRefusedByName(OpCase op) {
    assertThat(op.refused()).isNotEmpty();
    for (OpCase wrong : op.refused()) {
      assertThatThrownBy(() -> wrong.accepted(backend, arena))
          .as(wrong.toString())
          .isInstanceOf(ShapeException.class)
          .hasMessageMatching(op.refusal());
    }
  }
}
