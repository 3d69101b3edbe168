package dev.cantilever.memory;

import org.bytedeco.javacpp.Pointer;

/**
 * Some bytes at an address, of the host or of a device, as native libraries take them; owns nothing
 * and frees nothing.
 */
public final class AddressRange extends Pointer {

  /** The {@code bytes} bytes at {@code address}, which must stay valid while this is used. */
  public AddressRange(long address, long bytes) {
    this.address = address;
    this.limit = bytes;
    this.capacity = bytes;
  }
}
