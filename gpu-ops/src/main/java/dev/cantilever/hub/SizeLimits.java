package dev.cantilever.hub;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What HF's keys for sizes may say at most, far above any model that exists: no product of two of
 * them leaves the range of whole numbers, and no list by them the memory.
 */
final class SizeLimits {

  private static final Map<String, Integer> MOST = new HashMap<>();

  static {
    put(1 << 24, "vocab_size", "max_position_embeddings", "n_positions");
    put(1 << 20, "hidden_size", "n_embd", "n_embed", "d_model", "dim", "word_embed_proj_dim");
    put(1 << 20, "embedding_size", "intermediate_size", "ffn_dim", "n_inner", "hidden_dim", "d_ff");
    put(1 << 14, "num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers");
    put(1 << 14, "num_attention_heads", "n_head", "n_heads", "num_heads", "num_key_value_heads");
    put(1 << 14, "head_dim", "d_kv", "rotary_dim");
  }

  private SizeLimits() {}

  private static void put(int most, String... keys) {
    for (String key : keys) {
      MOST.put(key, most);
    }
  }

  /** The most that a key may say, which says 1 at least; nothing for a key that is no size. */
  static OptionalInt most(String key) {
    Integer most = MOST.get(key);
    return most == null ? OptionalInt.empty() : OptionalInt.of(most);
  }
}
