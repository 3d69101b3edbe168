package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.FrozenWeightCase.Form;
import dev.cantilever.backend.MatmulLinearSumConformance;
import dev.cantilever.tensor.DType;
import org.junit.jupiter.api.Test;

@RequiresCuda
class CudaMatmulLinearSumTest extends MatmulLinearSumConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(1L << 30, DType.BF16);
  }

  /** Too large for every backend: 45 tiles of 13 stages, which an H100 cuts evenly. */
  @Test
  void linearSum_blocksWithPartsOfTwoTiles_equalsTheReference() {
    assertEqualsTheReference(Form.WEIGHT_ONLY, 5, 400, 380, 11_301);
  }
}
