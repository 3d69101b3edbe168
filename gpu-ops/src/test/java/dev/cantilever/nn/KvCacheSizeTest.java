package dev.cantilever.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.Architecture;
import dev.cantilever.model.Families;
import dev.cantilever.model.LlamaConfigs;
import dev.cantilever.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KvCacheSizeTest {

  @TempDir Path folder;

  @Test
  void of_rowsOfSeveralLengths_hasThePagesOfTheLongest() {
    int[] tokens = {16, 17, 1, 40, 33};

    assertThat(KvCacheSize.of(2, tokens)).isEqualTo(new KvCacheSize(2, 3, 6));
    assertThat(KvCacheSize.of(3, tokens)).isEqualTo(new KvCacheSize(3, 3, 8));
    assertThat(KvCacheSize.of(9, tokens)).isEqualTo(new KvCacheSize(5, 3, 10));
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void within_whatACacheTook_holdsItAndWithAByteLessAPageFewer(BackendKind device)
      throws IOException {
    Architecture architecture = architecture();
    AttentionSpec attention = architecture.block().attention();
    KvCacheSize size = new KvCacheSize(3, 5, 11);
    try (Backend backend = Backends.meta(device, 1L << 30)) {
      long bytes = bytes(backend, architecture, size);
      long alignment = backend.budget().alignment();
      DType type = backend.capabilities().cacheType();
      int layers = architecture.layers();

      KvCacheSize more = new KvCacheSize(3, 5, 15);
      assertThat(more.within(bytes, alignment, attention, layers, type)).isEqualTo(size);
      assertThat(size.within(2 * bytes, alignment, attention, layers, type)).isEqualTo(size);
      assertThat(more.within(bytes - 1, alignment, attention, layers, type).pages()).isEqualTo(10);
      assertThat(more.within(1, alignment, attention, layers, type).pages()).isZero();
    }
  }

  private Architecture architecture() throws IOException {
    ModelConfig config = ModelConfig.at(LlamaConfigs.tiny(folder));
    return Families.of(config).architecture(config);
  }

  private static long bytes(Backend backend, Architecture architecture, KvCacheSize size) {
    try (Arena arena = backend.budget().open("kv-cache", Purpose.KV_CACHE)) {
      AttentionSpec attention = architecture.block().attention();
      assertThat(new KvCache(backend, arena, attention, architecture.layers(), size)).isNotNull();
      return arena.usedBytes();
    }
  }
}
