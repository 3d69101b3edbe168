package dev.cantilever.host;

import dev.cantilever.backend.DriverReading;
import dev.cantilever.memory.MemoryReport;
import java.util.Optional;

/**
 * What was taken of a device since it was opened.
 *
 * @param arenas by purpose, with their peaks
 * @param driver what the device's driver says now; nothing where there is none to ask
 */
public record DeviceMemory(MemoryReport arenas, Optional<DriverReading> driver) {}
