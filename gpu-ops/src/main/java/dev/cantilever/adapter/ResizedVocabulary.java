package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.tensor.Shape;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Another number of tokens than the base's, where an adapter was trained on a base that was resized
 * first: it then brings all that has a row a token, the table of embeddings and the head with its
 * bias, in one new number of rows.
 */
final class ResizedVocabulary {

  private final TokenTensors base;
  private final AdapterDirectory adapter;
  private final Map<String, SavedTensor> replaced;

  /**
   * What a merge does to the vocabulary.
   *
   * @param replaced what takes the place of the base's tensors, by their names
   */
  ResizedVocabulary(
      TokenTensors base, AdapterDirectory adapter, Map<String, SavedTensor> replaced) {
    this.base = base;
    this.adapter = adapter;
    this.replaced = replaced;
  }

  /**
   * The new number of tokens, if it is another than the base's.
   *
   * @throws CheckpointException if only some of the tensors with a row a token come with that
   *     number
   */
  OptionalInt rows() {
    for (TensorEntry entry : base.all().toList()) {
      SavedTensor own = replaced.get(entry.name());
      if (own != null && rows(own) != base.tokens()) {
        base.all().forEach(other -> requireRows(other, rows(own), own));
        return OptionalInt.of(rows(own));
      }
    }
    return OptionalInt.empty();
  }

  private int rows(SavedTensor own) {
    return Math.toIntExact(adapter.file().entry(own.name()).shape().dim(0));
  }

  private void requireRows(TensorEntry entry, int rows, SavedTensor because) {
    SavedTensor own = replaced.get(entry.name());
    Shape found = own == null ? entry.shape() : adapter.file().entry(own.name()).shape();
    boolean alike =
        found.dim(0) == rows
            && found.rank() == entry.shape().rank()
            && (found.rank() == 1 || found.dim(1) == entry.shape().dim(1));
    if (!alike) {
      throw new CheckpointException(
          "%s: expected all tensors with a row a token to have %d rows, as '%s' has, found '%s' of shape %s%s. Resize the base, save it, and merge into that."
              .formatted(
                  adapter.file().path(),
                  rows,
                  because.name(),
                  entry.name(),
                  found,
                  own == null ? ", which the adapter does not bring" : ""));
    }
  }
}
