package dev.cantilever.hub;

import java.io.IOException;

/**
 * [out, in] with the outputs of each head ordered for a rotary embedding that turns neighbours, as
 * GPT-J's ({@code rotate_every_two}), where the model turns a head's rotary dimensions in halves:
 * of d such dimensions the model's j and j + d/2 are the file's 2j and 2j + 1. Scores are equal as
 * long as queries and keys are kept alike.
 *
 * @param headSize D
 * @param rotaryDims d, even and at most D
 */
public record RotaryPairStorage(int headSize, int rotaryDims) implements LinearStorage {

  @Override
  public int storedOutput(int output) {
    int dim = output % headSize;
    int half = rotaryDims / 2;
    if (dim >= rotaryDims) {
      return output;
    }
    return output - dim + (dim < half ? 2 * dim : 2 * (dim - half) + 1);
  }

  @Override
  public void read(TensorFile file, TensorEntry entry, long offset, long bytes, long address)
      throws IOException {
    long rowBytes = entry.bytes() / entry.shape().dim(0);
    long end = offset + bytes;
    for (long at = offset; at < end; ) {
      long column = at % rowBytes;
      long count = Math.min(rowBytes - column, end - at);
      long row = storedOutput(Math.toIntExact(at / rowBytes));
      file.read(entry, row * rowBytes + column, count, address + at - offset);
      at += count;
    }
  }
}
