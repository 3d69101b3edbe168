package dev.cantilever.rehearsal;

/**
 * What a piece of work costs at least: floating-point operations that every way of doing it must
 * do, and bytes that must be read. What is computed a second time is never counted.
 *
 * @param flops operations, two for a multiplication and an addition
 * @param bytes of weights, adapters and KV cache that must come from the device's memory
 */
public record PassWork(double flops, double bytes) {

  /** This piece a number of times. */
  public PassWork times(double count) {
    return new PassWork(flops * count, bytes * count);
  }

  /** Both pieces, one after the other. */
  public PassWork plus(PassWork other) {
    return new PassWork(flops + other.flops, bytes + other.bytes);
  }

  /**
   * Seconds below which a device of these ceilings cannot do it; reading and computing overlap. Of
   * passes of one kind, which is what a piece is made of, one of the two is the longer in each.
   */
  public double floorSeconds(DeviceCeilings ceilings) {
    return Math.max(flops / ceilings.flopsPerSecond(), bytes / ceilings.bytesPerSecond());
  }
}
