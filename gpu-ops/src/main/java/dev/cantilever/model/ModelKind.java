package dev.cantilever.model;

import java.io.IOException;

/**
 * What a checkpoint is loaded as, for example {@code ModelLoader::languageModel}.
 *
 * @param <M> the model
 */
@FunctionalInterface
public interface ModelKind<M> {

  /** Loads the model. */
  M load(ModelLoader loader) throws IOException;
}
