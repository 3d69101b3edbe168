package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * A tensor that an adapter holds whole, in place of the base's. The model reads it in the base's
 * type, by the same kernels, so that equal values give equal bits; in training the values
 * themselves are F32, and what the model reads is rounded from them after every step.
 */
final class OwnTensor {

  private final DeviceCopies copies;
  private final SavedTensor saved;
  private final Tensor base;
  private final Tensor acting;
  private final Optional<Parameter> parameter;

  /** Takes room; the values are undefined. */
  OwnTensor(Backend backend, Arena arena, SavedTensor saved, Tensor base, boolean trainable) {
    this.copies = new DeviceCopies(backend);
    this.saved = saved;
    this.base = base;
    this.parameter =
        trainable ? Optional.of(Parameter.in(arena, saved.name(), base.shape())) : Optional.empty();
    this.acting =
        parameter
            .map(Parameter::value)
            .filter(value -> base.dtype() == DType.F32)
            .orElseGet(() -> Tensor.in(arena, base.dtype(), base.shape()));
  }

  SavedTensor saved() {
    return saved;
  }

  /** What the model reads, of the base's type. */
  Tensor acting() {
    return acting;
  }

  /** What is trained, if it is. */
  Optional<Parameter> parameter() {
    return parameter;
  }

  /** Takes the base's values. */
  void begin() {
    copies.backend().transfers().copy(acting, base);
    parameter.ifPresent(
        own -> {
          if (own.value() != acting) {
            copies.backend().transfers().convert(own.value(), base);
          }
        });
  }

  /** Takes a file's values, or the base's if it has none. */
  void read(AdapterDirectory source) throws IOException {
    SavedTensor found = source.saved().get(saved.baseName());
    if (found == null) {
      begin();
      return;
    }
    if (!source.file().entry(found.name()).shape().equals(base.shape())) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, as the model's, found %s. Use the base this adapter was trained on; if that was resized for it, merge the adapter into this one (cantilever merge), which resizes it too."
              .formatted(
                  source.file().path(),
                  found.name(),
                  base.shape(),
                  source.file().entry(found.name()).shape()));
    }
    float[] values = source.read(found);
    if (parameter.isPresent()) {
      copies.upload(parameter.get().value(), values);
      parametersChanged();
    } else {
      uploadRounded(values);
    }
  }

  private void uploadRounded(float[] values) throws IOException {
    if (acting.dtype() == DType.F32) {
      copies.upload(acting, values);
      return;
    }
    copies
        .backend()
        .transfers()
        .upload(
            acting,
            (offset, bytes, address) -> {
              int first = Math.toIntExact(offset / Short.BYTES);
              short[] part = new short[Math.toIntExact(bytes / Short.BYTES)];
              for (int i = 0; i < part.length; i++) {
                part[i] = StoredValues.bits(values[first + i], acting.dtype());
              }
              HostMemory.put(address, part, 0, part.length);
            });
  }

  /** Takes over that the values have changed. */
  void parametersChanged() {
    parameter
        .map(Parameter::value)
        .filter(value -> value != acting)
        .ifPresent(value -> copies.backend().transfers().convert(acting, value));
  }

  void putGradient(Map<String, float[]> gradients) {
    parameter.ifPresent(own -> gradients.put(own.name(), copies.download(own.gradient())));
  }

  /**
   * Writes the values.
   *
   * @throws IllegalStateException if only roundings of them are here
   */
  void write(AdapterWriter writer) throws IOException {
    Tensor values = parameter.map(Parameter::value).orElse(acting);
    if (values.dtype() != DType.F32) {
      throw new IllegalStateException(
          "Expected values of '%s' in F32, found them frozen in %s. Load the adapter as trainable, or copy its files."
              .formatted(saved.name(), values.dtype()));
    }
    writer.write(saved, copies.download(values));
  }
}
