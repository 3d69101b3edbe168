package dev.cantilever.backend;

/**
 * What the driver of a device says at one moment.
 *
 * @param processBytes memory of the device that this process holds, arenas, context and all
 * @param wholeCard whether the driver does not tell processes apart here, and {@code processBytes}
 *     is what all of them hold together
 * @param computeMhz clock of the multiprocessors, in MHz; 0 where it is not told
 * @param memoryMhz clock of the memory, in MHz; 0 where it is not told
 * @param driver version of the driver, or {@code "unknown"}
 */
public record DriverReading(
    long processBytes, boolean wholeCard, int computeMhz, int memoryMhz, String driver) {}
