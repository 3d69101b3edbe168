package dev.cantilever.prepare;

import java.io.Serializable;

/**
 * A shard, and what the shards before it hold.
 *
 * @param outcome the shard
 * @param trainRows training rows before it
 * @param trainTokens ids in those rows
 * @param testRows held-out rows before it
 */
record NumberedShard(ShardOutcome outcome, long trainRows, long trainTokens, long testRows)
    implements Serializable {}
