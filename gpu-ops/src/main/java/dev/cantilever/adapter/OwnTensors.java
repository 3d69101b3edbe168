package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A module of which an adapter has its own tensors in place of the base's. */
interface OwnTensors extends AdapterPart {

  /** Them. */
  List<OwnTensor> tensors();

  @Override
  default List<Parameter> parameters() {
    return tensors().stream().flatMap(tensor -> tensor.parameter().stream()).toList();
  }

  @Override
  default void putGradients(Map<String, float[]> gradients) {
    tensors().forEach(tensor -> tensor.putGradient(gradients));
  }

  @Override
  default void begin(long seed) {
    tensors().forEach(OwnTensor::begin);
  }

  @Override
  default void read(AdapterDirectory source) throws IOException {
    for (OwnTensor tensor : tensors()) {
      tensor.read(source);
    }
  }

  @Override
  default void parametersChanged() {
    tensors().forEach(OwnTensor::parametersChanged);
  }

  @Override
  default Map<SavedTensor, Shape> saved() {
    Map<SavedTensor, Shape> saved = new LinkedHashMap<>();
    tensors().forEach(tensor -> saved.put(tensor.saved(), tensor.acting().shape()));
    return saved;
  }

  @Override
  default void write(AdapterWriter writer) throws IOException {
    for (OwnTensor tensor : tensors()) {
      tensor.write(writer);
    }
  }
}
