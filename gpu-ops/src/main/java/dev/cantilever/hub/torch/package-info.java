/**
 * What {@code torch.save} writes, as bytes: the zip container and the pickle in it, restricted to
 * what the state dict of a model needs.
 *
 * <p><b>Enter by</b> {@link dev.cantilever.hub.torch.TorchArchive}. Used by {@code hub} alone,
 * which knows the files' names; here is a {@link dev.cantilever.hub.torch.ByteSource}.
 *
 * <p><b>Container</b> (PyTorch 1.6 and later): zip or zip64, entries stored and not compressed,
 * read by the central directory and checked against the local headers; {@code <name>/data.pkl},
 * {@code <name>/data/<key>} per storage, {@code <name>/byteorder} little where it is there.
 *
 * <p><b>Pickle</b> (protocol 2): the opcodes of {@link dev.cantilever.hub.torch.Opcode}, the names
 * of {@link dev.cantilever.hub.torch.KnownGlobal} and no others. No name is looked up anywhere and
 * nothing is called: a name is a constant, and what it would make is made here.
 *
 * <p><b>Invariant</b>: a tensor that is listed lies inside its storage, and its storage inside the
 * source. What a file can make this room allocate is bounded by the constants of {@code
 * PickleMachine} and {@code ZipDirectory}, whatever it says.
 */
@NullMarked
package dev.cantilever.hub.torch;

import org.jspecify.annotations.NullMarked;
