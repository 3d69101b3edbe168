package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.OpsConformance;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Operations that nest share the workspace, which must be enough for both. */
@RequiresCuda
class CudaWorkspaceTest extends OpsConformance {

  /** 64 rows of so many logits fill the half that is the loss's, to less than a row. */
  private static final int VOCABULARY = 195_573;

  private static final int ROWS = 64;
  private static final int HIDDEN = 64;

  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }

  @Test
  void tokenLogprobs_int8HeadOfLargeVocabulary_staysInWorkspace() {
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
    Tensor logprobs = tensors.output(DType.F32, ROWS);
    Tensor entropy = tensors.output(DType.F32, ROWS);
    Tensor normalizers = tensors.output(DType.F64, ROWS, 2);
    Tensor hidden = Tensor.in(arena, DType.F32, ROWS, HIDDEN);
    backend.transfers().fillUniform(hidden, 1, 2);

    backend
        .loss()
        .tokenLogprobs(logprobs, entropy, normalizers, hidden, head, tensors.of(new int[ROWS]), 1);

    backend.synchronize();
    assertThat(backend.budget().report().lines())
        .filteredOn(line -> line.purpose() == Purpose.WORKSPACE)
        .extracting(MemoryReport.Line::peakBytes)
        .containsExactly(CudaProfile.WORKSPACE_BYTES);
  }
}
