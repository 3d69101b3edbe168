package dev.cantilever.memory;

import dev.cantilever.OpsException;

/**
 * No hole of a reservation is large enough for a chunk; nothing has changed. A budget turns it into
 * its own refusal, with the name of the arena and the table.
 */
public final class ReservationFullException extends OpsException {

  private final long largestHoleBytes;

  ReservationFullException(long bytes, long largestHoleBytes, long freeBytes) {
    super(
        "Expected a hole of %d bytes in the device's reservation, found %d free of which %d in one piece. Free chunks first, or ask for less."
            .formatted(bytes, freeBytes, largestHoleBytes));
    this.largestHoleBytes = largestHoleBytes;
  }

  /** The most bytes that one chunk could have had. */
  public long largestHoleBytes() {
    return largestHoleBytes;
  }
}
