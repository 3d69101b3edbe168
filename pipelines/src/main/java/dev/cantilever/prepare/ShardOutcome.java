package dev.cantilever.prepare;

import dev.cantilever.manifest.FileEntry;
import java.io.Serializable;

/**
 * A shard that was read, encoded and packed; its rows are numbered within the shard.
 *
 * @param shard its number
 * @param counts what became of its rows
 * @param firstDead where its first dead letter stood and why, or the empty text
 * @param documents the file of its documents
 */
record ShardOutcome(int shard, PrepareCounts counts, String firstDead, FileEntry documents)
    implements Serializable {}
