package dev.cantilever.host;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.SequenceClassifier;
import java.io.IOException;

/**
 * An open device with at most one base model, in 8 bit, and one classifier, in the precision it is
 * stored in. Used under a lease only.
 */
final class LoadedDevice implements AutoCloseable {

  private final DeviceSpec spec;
  private final Backend backend;
  private final Place<LanguageModel> base;
  private final Place<SequenceClassifier> classifier;

  LoadedDevice(DeviceSpec spec) {
    this.spec = spec;
    this.backend = Backends.open(spec.backend(), spec.budgetBytes());
    this.base =
        new Place<>(
            source ->
                Hosted.load(
                    backend,
                    source,
                    BasePrecision.of(spec.int8Mode()),
                    "base weights",
                    "weight panels",
                    ModelLoader::languageModel));
    this.classifier =
        new Place<>(
            source ->
                Hosted.load(
                    backend,
                    source,
                    BasePrecision.STORED,
                    "classifier weights",
                    "classifier panels",
                    ModelLoader::classifier));
  }

  DeviceSpec spec() {
    return spec;
  }

  Backend backend() {
    return backend;
  }

  Hosted<LanguageModel> model(ModelRef source) throws IOException {
    return base.get(source);
  }

  Hosted<SequenceClassifier> classifier(ModelRef source) throws IOException {
    return classifier.get(source);
  }

  @Override
  public void close() {
    try {
      base.close();
    } finally {
      try {
        classifier.close();
      } finally {
        backend.close(); // also where a model cannot be closed: the device is the next lease's
      }
    }
  }
}
