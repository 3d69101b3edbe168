package dev.cantilever.model;

import java.util.function.IntFunction;

/**
 * Module paths of {@linkplain RelativeSpec relative positions}.
 *
 * @param table their embedding
 * @param norm of its rows
 * @param keys projection to the keys of positions in layer i, where they have one of their own
 * @param queries projection to their queries
 */
public record RelativeNames(
    String table, String norm, IntFunction<String> keys, IntFunction<String> queries) {}
