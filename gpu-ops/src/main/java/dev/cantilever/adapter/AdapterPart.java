package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an adapter has of one module: a branch, a bias, or the module whole. A part is made with
 * room for its values, which are undefined until {@link #begin} or {@link #read} and then {@link
 * #parametersChanged}.
 */
interface AdapterPart {

  /** Puts it on the model. */
  void attach();

  /** What is trained of it, always in the same order. */
  List<Parameter> parameters();

  /** Adds the gradients of its parameters by their names in a file, as the file would have them. */
  void putGradients(Map<String, float[]> gradients);

  /** Takes the values of a new adapter. */
  void begin(long seed);

  /** Takes a file's values. */
  void read(AdapterDirectory source) throws IOException;

  /**
   * Takes over that parameters have changed, those of parts before it as well as its own: what is
   * made of them is made again.
   */
  default void parametersChanged() {}

  /** The branch that a file has of it, if it is one. */
  default Optional<LoraModule> module() {
    return Optional.empty();
  }

  /** What a file has of it that is no branch, with its shapes there. */
  default Map<SavedTensor, Shape> saved() {
    return Map.of();
  }

  /** Writes its values. */
  void write(AdapterWriter writer) throws IOException;
}
