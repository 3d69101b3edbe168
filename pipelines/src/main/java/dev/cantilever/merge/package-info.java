/**
 * The stage that adds an adapter to a checkpoint: a weight file at a time, in parallel, from files
 * to files.
 *
 * <p>Enter by {@link dev.cantilever.merge.MergePipeline}; {@link dev.cantilever.merge.MergeAdapter}
 * is the transform for pipelines of one's own. Each weight file is an element: it is merged aside
 * by {@code dev.cantilever.adapter.AdapterMerger}, a band of a tensor at a time, so a base much
 * larger than memory is no hindrance. When all are there, one function adds config, index and
 * tokenizer and renames the whole directory onto its destination.
 *
 * <p>Invariant: the destination appears whole or not at all, and its bytes depend on base and
 * adapter alone, not on how many workers there were or which of them failed and tried again. All
 * workers must see one file system. Not here: the arithmetic; loading or running a model.
 */
@NullMarked
package dev.cantilever.merge;

import org.jspecify.annotations.NullMarked;
