package dev.cantilever.hub;

import java.io.IOException;

/** As the model has it. */
public record PlainStorage() implements LinearStorage {

  @Override
  public void read(TensorFile file, TensorEntry entry, long offset, long bytes, long address)
      throws IOException {
    file.read(entry, offset, bytes, address);
  }
}
