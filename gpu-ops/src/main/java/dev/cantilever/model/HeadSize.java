package dev.cantilever.model;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;

/** The size of heads that share the stream's width. */
final class HeadSize {

  private HeadSize() {}

  /**
   * D = C / H.
   *
   * @param widthKey what the config calls C
   * @param headsKey what it calls H
   * @throws CheckpointException naming both, if C does not divide by H
   */
  static int of(ModelConfig config, String widthKey, int width, String headsKey, int heads) {
    if (heads < 1 || width % heads != 0) {
      throw new CheckpointException(
          "%s: expected %s %d to divide by %s %d. Correct the config."
              .formatted(config.file(), widthKey, width, headsKey, heads));
    }
    return width / heads;
  }
}
