package dev.cantilever.backend.meta;

import static dev.cantilever.backend.meta.OpCase.Argument.of;
import static dev.cantilever.tensor.DType.BF16;
import static dev.cantilever.tensor.DType.F32;
import static dev.cantilever.tensor.DType.I32;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.backend.DistanceBias;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Attention, with a cache and without. */
class MetaAttentionOpsTest extends MetaOpsConformance {

  private static final AttentionSpec CROSS =
      new AttentionSpec(4, 2, 2, HeadLayout.SPLIT, false, 0.7f, RotarySpec.NONE);

  private static PackedRows keyRows() {
    return new PackedRows(new int[] {0, 4, 7}, Tensor.at(PlannedAddresses.FIRST, I32, Shape.of(3)));
  }

  static Stream<OpCase> cases() {
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
}
