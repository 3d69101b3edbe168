/**
 * Hugging Face's hub over HTTP: a repository becomes a model directory, and a directory a commit.
 *
 * <p>Enter by {@link dev.cantilever.hubclient.PullRepository} and {@link
 * dev.cantilever.hubclient.PushDirectory}; where the hub is and who asks says {@link
 * dev.cantilever.hubclient.HubEndpoint}. The command line is its only user.
 *
 * <p>Plain Java over {@code java.net.http}, no Beam. Invariant: a server is not trusted. A file is
 * under its own name only once its size and its hash are those that the list of the revision
 * states; its name stays within the directory; the token goes to the hub's own address and to no
 * other, and is in no message. What was cut off is gone on with.
 *
 * <p>Not here: reading the files, which is {@code hub} of gpu-ops; the hub's chunk storage (Xet),
 * for which the hub's plain downloads and LFS stand in.
 */
@NullMarked
package dev.cantilever.hubclient;

import org.jspecify.annotations.NullMarked;
