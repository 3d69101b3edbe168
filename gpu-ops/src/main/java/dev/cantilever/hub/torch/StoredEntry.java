package dev.cantilever.hub.torch;

/**
 * An entry of a zip container, uncompressed.
 *
 * @param position of its first byte in the container
 * @param bytes its size
 * @param crc32 its checksum, as the container says
 */
record StoredEntry(String name, long position, long bytes, int crc32) {}
