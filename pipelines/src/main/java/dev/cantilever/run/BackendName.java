package dev.cantilever.run;

/** The backends that users can ask for. */
public enum BackendName {
  /** oneDNN and plain Java. */
  CPU,
  /** One NVIDIA GPU; asking for it where there is none is an error. */
  CUDA
}
