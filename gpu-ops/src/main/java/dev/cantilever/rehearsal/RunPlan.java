package dev.cantilever.rehearsal;

/**
 * What a PPO run takes of a device's memory.
 *
 * @param plan by purpose, all phases and whatever stays from one to the other; whether it fits
 * @param memory how the run's stages take it
 */
public record RunPlan(MemoryPlan plan, RunMemory memory) {}
