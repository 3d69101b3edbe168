package dev.cantilever.backend.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.BudgetExceededException;
import dev.cantilever.memory.DeviceHeap;
import dev.cantilever.memory.MemoryBudget;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MetaBackendTest {

  private MetaBackend backend;
  private Arena arena;

  @BeforeEach
  void open() {
    backend = MetaBackend.create(Profiles.TILED, 1 << 30);
    arena = backend.budget().open("test", Purpose.ACTIVATION);
  }

  @AfterEach
  void close() {
    arena.close();
    backend.close();
    backend.close();
    assertThat(backend.budget().openArenas()).isEmpty();
    assertThat(backend.budget().liveBytes()).isZero();
  }

  private Int8Weight int8(long dataBytes, Int8Mode mode) {
    return new Int8Weight(
        33,
        17,
        Tensor.in(arena, DType.I8, dataBytes),
        Tensor.in(arena, DType.F32, 33),
        mode,
        Optional.empty(),
        Optional.empty());
  }

  @Test
  void create_profileWithWorkspace_reservesItAsOnePiece() {
    assertThat(backend.device()).isEqualTo("meta of tiled");
    assertThat(backend.capabilities()).isEqualTo(Profiles.TILED.capabilities());
    assertThat(backend.budget().report().lines())
        .containsExactly(new MemoryReport.Line(Purpose.WORKSPACE, 3 << 20, 3 << 20));
    assertThat(backend.budget().openArenas()).containsExactly("tiled workspace", "test");
    backend.synchronize();
  }

  @Test
  void create_workspaceBeyondTheBudget_isRefused() {
    assertThatThrownBy(() -> MetaBackend.create(Profiles.TILED, 1 << 20))
        .isInstanceOf(BudgetExceededException.class)
        .hasMessageContaining("'tiled workspace'");
  }

  @Test
  void addresses_handedOut_areAlignedDistinctAndNowhere() {
    Set<Long> seen = new HashSet<>();
    for (int round = 0; round < 3; round++) {
      try (Arena scratch = backend.budget().open("scratch", Purpose.ACTIVATION, 1)) {
        for (long bytes : new long[] {1, 255, 256, 257, 1 << 20}) {
          long address = scratch.allocate(bytes);

          assertThat(address % 256).isZero();
          assertThat(address).isGreaterThanOrEqualTo(1L << 60);
          assertThat(seen.add(address)).isTrue();
        }
      }
    }
  }

  @Test
  void reservation_phasesOfDifferentSizes_reachTheDevicesOwnHighWaterMark() {
    long limit = 4L << 30;
    MemoryBudget device = new MemoryBudget("card", limit, new DeviceHeap(1 << 20, limit, 256));
    try (MetaBackend planned = MetaBackend.create(Profiles.card(), limit);
        Arena workspace = device.open("workspace", Purpose.WORKSPACE, 1L << 30)) {
      workspace.allocate(1L << 30);
      phases(planned.budget());
      phases(device);

      // The second phase's chunk does not fit the hole that the first one leaves.
      assertThat(device.highWaterBytes())
          .isEqualTo((1L << 30) + 1000 * 256 + 1000 * 256 + 1001 * 256)
          .isGreaterThan(device.peakBytes());
      assertThat(planned.budget().highWaterBytes()).isEqualTo(device.highWaterBytes());
      assertThat(planned.budget().peakBytes()).isEqualTo(device.peakBytes());
      assertThat(planned.budget().report().highWaterBytes()).isEqualTo(device.highWaterBytes());
    }
  }

  private static void phases(MemoryBudget budget) {
    Arena cache = budget.open("cache", Purpose.KV_CACHE, 1);
    cache.allocate(1000 * 256);
    try (Arena adapter = budget.open("adapter", Purpose.ADAPTER, 1)) {
      adapter.allocate(999 * 256 + 1);
      cache.close();
      try (Arena kept = budget.open("kept", Purpose.CHECKPOINTED, 1)) {
        kept.allocate(1000 * 256 + 1);
      }
    }
  }

  @Test
  void free_sameChunkTwice_isRefused() {
    PlannedAddresses source = new PlannedAddresses(64);
    long address = source.allocate(100);

    assertThatIllegalStateException().isThrownBy(() -> source.free(address, 99));
    source.free(address, 100);

    assertThatIllegalStateException()
        .isThrownBy(() -> source.free(address, 100))
        .withMessageContaining("100 bytes");
  }

  @Test
  void sizes_ofWeights_areThoseOfThePlannedDevice() {
    Weight weight = DenseWeight.of(Tensor.in(arena, DType.F16, 33, 17));

    assertThat(backend.matmul().int8Bytes(33, 17)).isEqualTo(64 * 32);
    assertThat(backend.matmul().panelBytes(weight)).isEqualTo(4 * 33 * 17);
  }

  @Test
  void int8_dataSmallerThanTheDevicesLayout_isRefused() {
    Tensor source = Tensor.in(arena, DType.F16, 33, 17);

    backend.matmul().quantize(int8(64 * 32, Int8Mode.WEIGHT_ONLY), source);

    assertThatThrownBy(() -> backend.matmul().quantize(int8(33 * 17, Int8Mode.WEIGHT_ONLY), source))
        .isInstanceOf(ShapeException.class)
        .hasMessage(
            "quantize: expected data of 2048 bytes I8 for an int8 weight [O=33, I=17], got"
                + " I8[561]. Allocate int8Bytes(O, I).");
  }

  @Test
  void buildPanel_ofTheDevicesSize_isAcceptedAndOfAnyLessRefused() {
    Weight weight = DenseWeight.of(Tensor.in(arena, DType.F16, 33, 17));
    long bytes = backend.matmul().panelBytes(weight);

    backend.matmul().buildPanel(weight.withPanel(Tensor.in(arena, DType.U8, bytes)));

    assertThatThrownBy(
            () ->
                backend
                    .matmul()
                    .buildPanel(weight.withPanel(Tensor.in(arena, DType.U8, bytes - 1))))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("2244 bytes");
    assertThatThrownBy(() -> backend.matmul().buildPanel(weight))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("with a panel");
  }

  @Test
  void weights_notDeclaredByTheDevice_areUnsupported() {
    Tensor y = Tensor.in(arena, DType.F32, 5, 33);
    Tensor x = Tensor.in(arena, DType.F32, 5, 17);
    Tensor gamma = Tensor.in(arena, DType.F32, 17);
    Weight dense = DenseWeight.of(Tensor.in(arena, DType.F32, 33, 17));
    Weight biased =
        DenseWeight.of(
            Tensor.in(arena, DType.F16, 33, 17), Optional.of(Tensor.in(arena, DType.F32, 33)));
    Weight outliers = int8(2048, Int8Mode.LLM_INT8);

    assertThatThrownBy(() -> backend.matmul().linear(y, x, dense))
        .isInstanceOf(UnsupportedOpException.class)
        .hasMessageContaining("[F16, BF16], the types that tiled declares, got F32[33, 17]");
    assertThatThrownBy(() -> backend.matmul().linear(y, x, biased))
        .isInstanceOf(UnsupportedOpException.class);
    assertThatThrownBy(() -> backend.matmul().linearInputGradient(x, y, outliers, false))
        .isInstanceOf(UnsupportedOpException.class)
        .hasMessageContaining("[WEIGHT_ONLY], the modes that tiled declares, got LLM_INT8");
    assertThatThrownBy(() -> backend.norm().layerNorm(x, x, gamma, gamma, 1e-5f))
        .isInstanceOf(UnsupportedOpException.class);
    assertThatThrownBy(
            () ->
                backend
                    .embedding()
                    .gather(
                        x,
                        Tensor.in(arena, DType.F32, 9, 17),
                        Tensor.in(arena, DType.I32, 5),
                        false))
        .isInstanceOf(UnsupportedOpException.class);
    assertThatThrownBy(
            () ->
                backend
                    .loss()
                    .fullKl(
                        Tensor.in(arena, DType.F32, 5),
                        HeadInput.of(x, dense),
                        HeadInput.of(x, dense),
                        LogitSpec.PLAIN))
        .isInstanceOf(UnsupportedOpException.class);
  }

  @Test
  void sample_anyLogits_leavesTokensAsTheyWere() {
    Tensor tokens = Tensor.in(arena, DType.I32, 2);
    int[] host = {7, 8};

    backend
        .sampling()
        .sample(
            tokens,
            Tensor.in(arena, DType.F32, 2),
            Tensor.in(arena, DType.F32, 2, 11),
            Tensor.in(arena, DType.I64, 2),
            Tensor.in(arena, DType.I32, 2),
            SamplingSpec.GREEDY,
            1,
            1);
    backend.transfers().download(host, tokens);

    assertThat(host).containsExactly(7, 8);
  }

  @Test
  void profile_badNumbers_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> profile(" ", 64, 0))
        .withMessageContaining("name of the device");
    for (long alignment : new long[] {0, 48, -64, Long.MIN_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> profile("cpu", alignment, 0))
          .withMessageContaining("power of two, found " + alignment);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> profile("cpu", 64, -1))
        .withMessageContaining("found -1");
  }

  private static DeviceProfile profile(String device, long alignment, long workspace) {
    return new DeviceProfile(
        device, alignment, false, workspace, Profiles.TILED.capabilities(), (out, in) -> 1, w -> 0);
  }
}
