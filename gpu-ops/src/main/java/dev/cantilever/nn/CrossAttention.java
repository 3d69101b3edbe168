package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import java.util.Optional;

/**
 * A decoder's attention to what an encoder made of the same row (Vaswani et al. 2017, section
 * 3.2.3), with the norm before it.
 *
 * @param layer index of the block, for the cache
 * @param spec heads; in both directions, without positions
 * @param norm of the stream before the projection to queries
 * @param queries [H·D, C]
 * @param keysValues [2·K·D, C] of the encoder's width, keys before values
 * @param output [C, H·D]
 */
public record CrossAttention(
    int layer, AttentionSpec spec, Norm norm, Linear queries, Linear keysValues, Linear output) {

  /** The residual stream behind it, [N, C]. */
  Var forward(Pass pass, Var stream) {
    Var asked = queries.forward(pass, Slot.QKV, norm.forward(pass, Slot.NORM, stream));
    Node node = pass.cached().isPresent() ? cached(pass, asked) : plain(pass, asked);
    Var attended =
        pass.tape().apply(Slot.ATTENTION, asked.shape().dim(0), spec.outputSize(), false, node);
    return output.forward(pass, Slot.MIDDLE, attended, stream);
  }

  private Node plain(Pass pass, Var asked) {
    EncodedRows encoded = encoded(pass);
    return new CrossAttentionNode(
        ops(pass),
        spec,
        pass.batch().rows(),
        encoded.pass().batch().rows(),
        asked,
        keysValues(encoded));
  }

  private Node cached(Pass pass, Var asked) {
    CachedRows rows = pass.cached().orElseThrow();
    CachedSource source =
        rows.source()
            .orElseThrow(
                () -> new IllegalStateException("Expected a cache of what the encoder made"));
    Optional<Var> entering = source.entering().map(tokens -> keysValues(encoded(pass)));
    return new CachedCrossAttentionNode(
        ops(pass),
        spec,
        source.cache().layer(layer),
        rows.tokens(),
        source.entering(),
        asked,
        entering);
  }

  private Var keysValues(EncodedRows encoded) {
    return keysValues.forward(encoded.pass(), Slot.QKV, encoded.states());
  }

  private static EncodedRows encoded(Pass pass) {
    return pass.encoded()
        .orElseThrow(() -> new IllegalStateException("Expected the encoder to have run"));
  }

  private static AttentionOps ops(Pass pass) {
    return pass.tape().backend().attention();
  }
}
