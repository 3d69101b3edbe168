package dev.cantilever.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.HeadLayout;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import org.junit.jupiter.api.Test;

class KvCacheTest {

  private static final AttentionSpec SPEC =
      new AttentionSpec(2, 2, 8, HeadLayout.SPLIT, true, 1, RotarySpec.unscaled(4, 10_000));

  /** Of numbers up to 1 in F32. */
  private static final float TOLERANCE = 1e-7f;

  @Test
  void withRotary_tokensBehindThoseThere_turnByTheOtherTable() {
    RotarySpec other = RotarySpec.unscaled(4, 300);
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena arena = backend.budget().open("kv-cache", Purpose.KV_CACHE)) {
      KvCache cache = new KvCache(backend, arena, SPEC, 1, new KvCacheSize(1, 1, 1));
      cache.enter(0, 7);
      append(backend, arena, cache, 5);

      assertThat(append(backend, arena, cache.withRotary(other), 1))
          .containsExactly(turns(other, 5), within(TOLERANCE));
      assertThat(append(backend, arena, cache, 1))
          .containsExactly(turns(SPEC.rotary(), 6), within(TOLERANCE));
    }
  }

  /** Places new tokens of the row in slot 0 and counts them; what their heads turn by. */
  private static float[] append(Backend backend, Arena arena, KvCache cache, int count) {
    int[] offsets = {0, count};
    Tensor slots = Tensor.in(arena, DType.I32, 1);
    Tensor deviceOffsets = Tensor.in(arena, DType.I32, 2);
    backend.transfers().upload(slots, new int[] {0});
    backend.transfers().upload(deviceOffsets, offsets);
    NewTokens tokens =
        cache.newTokens(new PackedRows(offsets, deviceOffsets), slots, arena).tokens();
    cache.place(tokens);
    cache.advance(tokens);
    float[] turns = new float[count * SPEC.rotary().dims()];
    backend.transfers().download(turns, tokens.turns());
    return turns;
  }

  private static float[] turns(RotarySpec rotary, int position) {
    float[] turns = new float[rotary.dims()];
    for (int j = 0; j < turns.length / 2; j++) {
      double angle = position * rotary.frequencies().get(j);
      turns[2 * j] = (float) Math.cos(angle);
      turns[2 * j + 1] = (float) Math.sin(angle);
    }
    return turns;
  }
}
