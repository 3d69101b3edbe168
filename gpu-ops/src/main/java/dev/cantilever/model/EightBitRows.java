package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.HostSource;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.PlainStorage;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorFile;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.List;

/**
 * A module's matrix as bitsandbytes saves it: integers [out, in], also where the checkpoint's
 * unquantised matrices are transposed, the largest magnitude of each row, and the layout of the
 * integers, which must be rows.
 */
final class EightBitRows {

  private static final String MAGNITUDES = ".SCB";
  private static final String FORMAT = ".weight_format";
  private static final int ROWS = 0;
  private static final int WINDOW_BYTES = 1 << 16;

  private final ModelDirectory directory;
  private final LinearPart part;
  private final TensorEntry integers;
  private final TensorEntry magnitudes;

  private EightBitRows(
      ModelDirectory directory, LinearPart part, TensorEntry integers, TensorEntry magnitudes) {
    this.directory = directory;
    this.part = part;
    this.integers = integers;
    this.magnitudes = magnitudes;
  }

  /**
   * Finds and checks the three tensors.
   *
   * @param inner inputs of the matrix
   * @throws CheckpointException if one is missing, or of another type, shape or layout
   */
  static EightBitRows of(ModelDirectory directory, LinearPart part, int inner) throws IOException {
    Shape shape = Shape.of(part.width(), inner);
    TensorEntry integers = typed(directory, part.path() + ".weight", shape, DType.I8);
    TensorEntry magnitudes =
        typed(directory, part.path() + MAGNITUDES, Shape.of(part.width()), DType.F32);
    requireRows(directory, part.path() + FORMAT);
    return new EightBitRows(directory, part, integers, magnitudes);
  }

  private static TensorEntry typed(ModelDirectory directory, String name, Shape shape, DType type) {
    TensorEntry entry = directory.entry(name, shape);
    if (entry.dtype() != type) {
      throw new CheckpointException(
          "%s: expected '%s' of a checkpoint in 8 bit to be %s, found %s. Save it again with bitsandbytes."
              .formatted(directory.file(name).path(), name, type, entry.dtype()));
    }
    return entry;
  }

  /** Files of bitsandbytes before 0.38 have no format; they hold rows. */
  private static void requireRows(ModelDirectory directory, String name) throws IOException {
    if (!directory.contains(name)) {
      return;
    }
    TensorEntry entry = typed(directory, name, Shape.of(), DType.U8);
    int format = directory.file(name).readInts(entry.name())[0];
    if (format != ROWS) {
      throw new CheckpointException(
          "%s: expected '%s' to be 0 (integers in rows), found %d (tiles of a kind of GPU). Load and save the model with bitsandbytes 0.45 or later, which writes rows."
              .formatted(directory.file(name).path(), name, format));
    }
  }

  /** The tensors of a module that hold this, by the checkpoint's names. */
  List<String> names() {
    String weight = integers.name();
    String module = weight.substring(0, weight.length() - ".weight".length());
    return List.of(weight, magnitudes.name(), module + FORMAT);
  }

  /**
   * Brings both to the device.
   *
   * @param rows [out, in] I8, row-major
   * @param absmax [out] F32
   * @throws CheckpointException if a magnitude is not finite, or negative, or an integer is −128
   */
  void fill(Backend to, Tensor rows, Tensor absmax) throws IOException {
    TensorFile magnitudeFile = directory.file(magnitudes.name());
    for (float magnitude : magnitudeFile.readFloats(magnitudes.name())) {
      if (!(magnitude >= 0 && Float.isFinite(magnitude))) {
        throw wrong(magnitudes, "finite numbers of at least 0", String.valueOf(magnitude));
      }
    }
    to.transfers().upload(absmax, source(magnitudes, part.storage()));
    LinearStorage storage = part.storage().transposed() ? new PlainStorage() : part.storage();
    HostSource source = source(integers, storage);
    to.transfers()
        .upload(
            rows,
            (offset, bytes, address) -> {
              source.read(offset, bytes, address);
              checkRange(address, bytes);
            });
  }

  private HostSource source(TensorEntry entry, LinearStorage storage) {
    TensorFile file = directory.file(entry.name());
    return (offset, bytes, address) -> storage.read(file, entry, offset, bytes, address);
  }

  private void checkRange(long address, long bytes) {
    byte[] window = new byte[(int) Math.min(WINDOW_BYTES, bytes)];
    for (long done = 0; done < bytes; done += window.length) {
      int count = (int) Math.min(window.length, bytes - done);
      HostMemory.get(address + done, window, 0, count);
      int least = 0;
      for (int i = 0; i < count; i++) {
        least = Math.min(least, window[i]);
      }
      if (least == Byte.MIN_VALUE) {
        throw wrong(integers, "integers in -127..127", "-128");
      }
    }
  }

  private CheckpointException wrong(TensorEntry entry, String expected, String found) {
    return new CheckpointException(
        "%s: expected '%s' to hold %s, found %s. The file is damaged or not of bitsandbytes: fetch it again."
            .formatted(directory.file(entry.name()).path(), entry.name(), expected, found));
  }
}
