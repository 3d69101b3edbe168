package dev.cantilever.backend.meta;

import static dev.cantilever.tensor.DType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation of a family takes tensors of the right shapes and refuses every other. */
abstract class MetaOpsConformance {

  /*
   * Sizes, all different where they meet: N=5 tokens in B=2 rows, M=3 selected, C=I=8, O=6, V=11,
   * R=2 columns at 4 of Y=6; H=4 heads of D=2 over K=2, so W=16, H·D=8, K·D=4; 7
   * other keys in as many rows.
   */
  static final AttentionSpec SPEC =
      new AttentionSpec(4, 2, 2, HeadLayout.SPLIT, true, 0.7f, RotarySpec.unscaled(2, 10_000));

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

  static PackedRows rows() {
    return new PackedRows(new int[] {0, 2, 5}, Tensor.at(PlannedAddresses.FIRST, I32, Shape.of(3)));
  }

  static Tensor tensor(Map<String, Tensor> tensors, String name) {
    return Optional.ofNullable(tensors.get(name)).orElseThrow();
  }

  static OpCase op(String name, OpCase.Call call, OpCase.Argument... arguments) {
    return new OpCase(name, List.of(arguments), call);
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
