package dev.cantilever.prepare;

import dev.cantilever.manifest.FileEntry;
import java.io.Serializable;

/**
 * A shard whose files are as they will be committed.
 *
 * @param shard its number
 * @param counts what became of its rows
 * @param documents the file of its documents
 * @param tokens the file of its packed rows
 */
record ShardFiles(int shard, PrepareCounts counts, FileEntry documents, FileEntry tokens)
    implements Serializable {}
