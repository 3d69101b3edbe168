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
 * A part of a module that the model does not read: kept and written again, but not trained.
 *
 * @param kept the part
 */
record UnreadPart(AdapterPart kept) implements AdapterPart {

  @Override
  public void attach() {
    kept.attach();
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public void putGradients(Map<String, float[]> gradients) {}

  @Override
  public void begin(long seed) {
    kept.begin(seed);
  }

  @Override
  public void read(AdapterDirectory source) throws IOException {
    kept.read(source);
  }

  @Override
  public Optional<LoraModule> module() {
    return kept.module();
  }

  @Override
  public Map<SavedTensor, Shape> saved() {
    return kept.saved();
  }

  @Override
  public void write(AdapterWriter writer) throws IOException {
    kept.write(writer);
  }
}
