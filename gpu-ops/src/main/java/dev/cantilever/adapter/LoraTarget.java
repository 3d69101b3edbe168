package dev.cantilever.adapter;

import dev.cantilever.hub.LinearStorage;
import dev.cantilever.nn.Linear;

/**
 * A linear layer of the checkpoint as the model holds it: whole, or a range of the outputs of a
 * layer fused from several.
 *
 * @param path module path in the checkpoint, which adapters are matched against
 * @param linear the layer
 * @param column first output of the range
 * @param outFeatures width of the range
 * @param storage how the checkpoint keeps the module
 */
public record LoraTarget(
    String path, Linear linear, int column, int outFeatures, LinearStorage storage) {

  /** I. */
  public int inFeatures() {
    return linear.weight().inFeatures();
  }

  /** B [out, r] with its outputs in the model's order, of one in the checkpoint's. */
  float[] toModel(float[] b) {
    float[] rows = new float[b.length];
    int r = b.length / outFeatures;
    for (int output = 0; output < outFeatures; output++) {
      System.arraycopy(b, storage.storedOutput(output) * r, rows, output * r, r);
    }
    return rows;
  }

  /** B [out, r] with its outputs in the checkpoint's order, of one in the model's. */
  float[] toFile(float[] b) {
    float[] rows = new float[b.length];
    int r = b.length / outFeatures;
    for (int output = 0; output < outFeatures; output++) {
      System.arraycopy(b, output * r, rows, storage.storedOutput(output) * r, r);
    }
    return rows;
  }

  /** A matrix [out, in] as the model has it, of one as the checkpoint keeps it. */
  float[] matrixToModel(float[] stored) {
    return toModel(storage.transposed() ? transposed(stored, inFeatures(), outFeatures) : stored);
  }

  /** A matrix as the checkpoint keeps it, of one [out, in] as the model has it. */
  float[] matrixToFile(float[] matrix) {
    float[] rows = toFile(matrix);
    return storage.transposed() ? transposed(rows, outFeatures, inFeatures()) : rows;
  }

  private static float[] transposed(float[] matrix, int rows, int columns) {
    float[] result = new float[matrix.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        result[c * rows + r] = matrix[r * columns + c];
      }
    }
    return result;
  }
}
