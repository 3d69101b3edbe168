package dev.cantilever.prepare;

/**
 * What preparation did, in numbers. Rows in are rows out, dead and dropped together.
 *
 * @param rowsIn rows read
 * @param rowsOut documents kept
 * @param dead rows that could not become documents, now dead letters
 * @param dropped documents that the settings left out
 * @param tokens token ids in packed rows of both splits
 */
public record PrepareSummary(long rowsIn, long rowsOut, long dead, long dropped, long tokens) {}
