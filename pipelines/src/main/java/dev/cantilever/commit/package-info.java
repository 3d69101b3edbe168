/**
 * From batches in flight to a directory of Parquet that counts.
 *
 * <p>Enter by {@link dev.cantilever.commit.CommitRollouts}. Each batch becomes one file whose name
 * follows from its key, written aside and renamed, so that a bundle that runs again leaves the same
 * bytes under the same name. The names of all files are gathered into one sorted list, the manifest
 * is published atomically, and what the transform emits is the manifest's <em>path</em>: whoever
 * reads it has the commit behind it as a data dependency.
 *
 * <p>Invariant: only the manifest commits. Files without one are litter, which the next run removes
 * before it begins. Not Beam's {@code FileIO}, which keeps no order of elements within a shard and
 * names shards by bundle: two runs of one seed would differ.
 */
@NullMarked
package dev.cantilever.commit;

import org.jspecify.annotations.NullMarked;
