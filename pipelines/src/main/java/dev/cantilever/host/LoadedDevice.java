package dev.cantilever.host;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.model.BasePrecision;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An open device with at most one base model and one classifier. Used under a lease only. */
final class LoadedDevice implements AutoCloseable {

  private final DeviceSpec spec;
  private final Backend backend;
  private @Nullable HostedModel model;
  private @Nullable HostedClassifier classifier;

  LoadedDevice(DeviceSpec spec) {
    this.spec = spec;
    this.backend = Backends.open(spec.backend(), spec.budgetBytes());
  }

  DeviceSpec spec() {
    return spec;
  }

  Backend backend() {
    return backend;
  }

  HostedModel model(ModelRef source) throws IOException {
    HostedModel loaded = model;
    if (loaded != null && loaded.source().equals(source)) {
      return loaded;
    }
    if (loaded != null) { // first, because two may not fit
      model = null;
      loaded.close();
    }
    HostedModel fresh = HostedModel.load(backend, source, BasePrecision.of(spec.int8Mode()));
    model = fresh;
    return fresh;
  }

  HostedClassifier classifier(ModelRef source) throws IOException {
    HostedClassifier loaded = classifier;
    if (loaded != null && loaded.source().equals(source)) {
      return loaded;
    }
    if (loaded != null) {
      classifier = null;
      loaded.close();
    }
    HostedClassifier fresh = HostedClassifier.load(backend, source);
    classifier = fresh;
    return fresh;
  }

  @Override
  public void close() {
    if (model != null) {
      model.close();
    }
    if (classifier != null) {
      classifier.close();
    }
    backend.close();
  }
}
