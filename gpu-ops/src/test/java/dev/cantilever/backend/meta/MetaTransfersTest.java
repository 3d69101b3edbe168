package dev.cantilever.backend.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.ShapeException;
import dev.cantilever.backend.Transfers;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class MetaTransfersTest {

  /* Whoever followed these would end the process. */
  private static final long NOWHERE = PlannedAddresses.FIRST;

  private final Transfers transfers = new MetaTransfers();

  private static Tensor tensor(DType type, long... dims) {
    return Tensor.at(NOWHERE, type, Shape.of(dims));
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(ShapeException.class).hasMessageContaining(message);
  }

  @Test
  void transfers_fittingSizes_touchNothing() throws IOException {
    transfers.upload(tensor(DType.F16, 1000, 1000), NOWHERE);
    transfers.upload(
        tensor(DType.F16, 1000, 1000),
        (offset, bytes, address) -> {
          throw new IOException("was read");
        });
    transfers.upload(tensor(DType.F32, 2, 3), new float[6]);
    transfers.upload(tensor(DType.I32, 6), new int[6]);
    transfers.upload(tensor(DType.I64, 3, 2), new long[6]);
    transfers.download(NOWHERE, tensor(DType.BF16, 1000));
    transfers.copy(tensor(DType.I8, 6), tensor(DType.I8, 2, 3));
    transfers.zero(tensor(DType.I64, 1L << 40));
    transfers.convert(tensor(DType.F32, 6), tensor(DType.BF16, 6));
    transfers.fillUniform(tensor(DType.F16, 1L << 40), 0.02f, 3);

    float[] floats = {1, 2};
    int[] ints = {3, 4};
    transfers.download(floats, tensor(DType.F32, 2));
    transfers.download(ints, tensor(DType.I32, 2));
    assertThat(floats).containsExactly(1, 2);
    assertThat(ints).containsExactly(3, 4);
  }

  @Test
  void transfers_otherSizesOrTypes_areRefused() {
    refused(
        () -> transfers.upload(tensor(DType.F32, 2, 3), new float[5]),
        "upload: expected 5 elements of F32, as the array, got F32[2, 3]");
    refused(() -> transfers.upload(tensor(DType.F16, 6), new float[6]), "F16[6]");
    refused(() -> transfers.upload(tensor(DType.F32, 6), new int[6]), "6 elements of I32");
    refused(() -> transfers.upload(tensor(DType.I32, 6), new long[6]), "6 elements of I64");
    refused(() -> transfers.download(new float[7], tensor(DType.F32, 6)), "download: expected 7");
    refused(() -> transfers.download(new int[6], tensor(DType.I64, 6)), "I64[6]");
    refused(() -> transfers.copy(tensor(DType.F16, 6), tensor(DType.BF16, 6)), "copy");
    refused(() -> transfers.copy(tensor(DType.F16, 6), tensor(DType.F16, 7)), "copy");
    refused(() -> transfers.convert(tensor(DType.F16, 6), tensor(DType.I16, 6)), "convert");
    refused(() -> transfers.convert(tensor(DType.I8, 6), tensor(DType.F32, 6)), "convert");
    refused(() -> transfers.convert(tensor(DType.F16, 6), tensor(DType.F32, 5)), "convert");
    refused(() -> transfers.fillUniform(tensor(DType.I8, 6), 1, 3), "fillUniform");
    refused(() -> transfers.fillUniform(tensor(DType.F16, 6), -1, 3), "fillUniform");
  }
}
