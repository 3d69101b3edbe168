package dev.cantilever.train;

import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.ModelRef;
import java.util.List;

/**
 * What PPO starts from, and is held near to.
 *
 * @param base the frozen base
 * @param reference frozen adapters on it; empty: the bare base
 */
record StartingPoint(ModelRef base, List<AdapterRef> reference) {

  StartingPoint {
    reference = List.copyOf(reference);
  }
}
