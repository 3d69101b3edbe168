package dev.cantilever.backend;

/** The devices a user can name. */
public enum BackendKind {
  /** The processor, through {@code backend.onednn}. */
  CPU,
  /** An NVIDIA GPU. */
  CUDA
}
