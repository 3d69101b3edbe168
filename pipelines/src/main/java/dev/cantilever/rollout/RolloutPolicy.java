package dev.cantilever.rollout;

import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.ModelRef;
import dev.cantilever.manifest.Digests;
import java.io.Serializable;
import java.util.List;

/**
 * Whom rollouts are sampled from.
 *
 * @param device where
 * @param base the frozen base
 * @param adapters the adapters that act, frozen for the while; none: the bare base
 * @param run name of the run
 * @param seed of the run
 */
public record RolloutPolicy(
    DeviceSpec device, ModelRef base, List<AdapterRef> adapters, String run, long seed)
    implements Serializable {

  /** Copies the list. */
  public RolloutPolicy {
    adapters = List.copyOf(adapters);
  }

  /** The same base with these adapters acting. */
  public RolloutPolicy withAdapters(List<AdapterRef> acting) {
    return new RolloutPolicy(device, base, acting, run, seed);
  }

  /** Digest over the adapters' digests in their order; that of no text where none acts. */
  public String adapterDigest() {
    StringBuilder listing = new StringBuilder();
    for (AdapterRef adapter : adapters) {
      listing.append(adapter.name()).append(' ').append(adapter.source().digest()).append('\n');
    }
    return Digests.sha256(listing.toString());
  }
}
