package dev.cantilever.backend.cuda;

import org.bytedeco.javacpp.Pointer;

/** Some bytes of pinned memory as the presets take them; owns nothing and frees nothing. */
final class HostRange extends Pointer {

  HostRange(long address, long bytes) {
    this.address = address;
    this.limit = bytes;
    this.capacity = bytes;
  }
}
