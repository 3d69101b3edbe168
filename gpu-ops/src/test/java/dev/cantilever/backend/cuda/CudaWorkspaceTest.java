package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.OpsConformance;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Operations that nest share the workspace, which must be enough for both. */
@RequiresCuda
class CudaWorkspaceTest extends OpsConformance {

  /** 64 rows of so many logits fill the half that is the loss's on Hopper, to less than a row. */
  private static final int VOCABULARY = 183_157;

  private static final int ROWS = 64;
  private static final int HIDDEN = 64;

  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }

  @Test
  void loss_int8HeadOfLargeVocabulary_staysInWorkspace() {
    Tensor data = Tensor.in(arena, DType.I8, backend.matmul().int8Bytes(VOCABULARY, HIDDEN));
    Int8Weight head =
        new Int8Weight(
            VOCABULARY,
            HIDDEN,
            data,
            Tensor.in(arena, DType.F32, VOCABULARY),
            Int8Mode.WEIGHT_ONLY,
            Optional.empty(),
            Optional.empty());
    backend.matmul().randomInt8(head, 0.02f, 1);

    assertLossStaysInWorkspace(head, ROWS);
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 50432, 400", // several pieces of rows
    "BF16, 91392, 128", // the most entries of one chunk on Hopper
    "BF16, 128256, 128",
  })
  void loss_denseHeadOfLargeVocabulary_staysInWorkspace(DType type, int vocabulary, int rows) {
    Tensor head = Tensor.in(arena, type, vocabulary, HIDDEN);
    backend.transfers().fillUniform(head, 0.02f, 1);

    assertLossStaysInWorkspace(DenseWeight.of(head), rows);
  }

  private void assertLossStaysInWorkspace(Weight head, int rows) {
    Tensor logprobs = tensors.output(DType.F32, rows);
    Tensor entropy = tensors.output(DType.F32, rows);
    Tensor normalizers = tensors.output(DType.F64, rows, 2);
    Tensor hidden = Tensor.in(arena, DType.F32, rows, HIDDEN);
    Tensor dHidden = Tensor.in(arena, DType.F32, rows, HIDDEN);
    backend.transfers().fillUniform(hidden, 1, 2);
    Tensor targets = tensors.of(new int[rows]);
    LossOps loss = backend.loss();

    loss.tokenLogprobs(
        logprobs, entropy, normalizers, HeadInput.of(hidden, head), targets, LogitSpec.PLAIN);
    loss.tokenLogprobsBackward(
        dHidden,
        HeadGradient.NONE,
        logprobs,
        normalizers,
        HeadInput.of(hidden, head),
        targets,
        LogitSpec.PLAIN);

    backend.synchronize();
    assertThat(backend.budget().report().lines())
        .filteredOn(line -> line.purpose() == Purpose.WORKSPACE)
        .extracting(MemoryReport.Line::peakBytes)
        .containsExactly(CudaProfile.WORKSPACE_BYTES);
  }
}
