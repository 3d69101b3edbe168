/**
 * Manifests: the JSON files that make other files count.
 *
 * <p>Enter by {@link dev.cantilever.manifest.CommitDirectory}: a directory whose files are nothing
 * until a {@link dev.cantilever.manifest.CommitManifest} in it names them, each a {@link
 * dev.cantilever.manifest.FileEntry} with size, SHA-256 and row count. The manifest is written
 * aside, forced to the disk and renamed, so that it is there whole or not at all; what no manifest
 * names is litter, which the next run removes. {@link dev.cantilever.manifest.Digests} computes the
 * hashes, {@link dev.cantilever.manifest.AtomicFile} does the renaming.
 *
 * <p>Invariant: only the manifest commits, and a committed manifest never changes: committing the
 * same content again does nothing, other content is refused. Equal manifests have equal bytes.
 *
 * <p>Anyone may use this package. Of ours it uses only {@link dev.cantilever.row.SchemaException},
 * the module's parent of exceptions; it knows neither records nor Beam.
 */
@NullMarked
package dev.cantilever.manifest;

import org.jspecify.annotations.NullMarked;
