package dev.cantilever.hub.torch;

import dev.cantilever.OpsException;

/** Bytes that are not what {@code torch.save} writes of a model, or ask for what is not done. */
public final class TorchFormatException extends OpsException {
  private static final long serialVersionUID = 1L;

  private static final String DAMAGED = "The file is damaged: fetch it again.";

  private TorchFormatException(String message) {
    super(message);
  }

  static TorchFormatException refused(String expected, String found, String todo) {
    return new TorchFormatException("expected %s, found %s. %s".formatted(expected, found, todo));
  }

  static TorchFormatException damaged(String expected, String found) {
    return refused(expected, found, DAMAGED);
  }
}
