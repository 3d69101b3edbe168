package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModuleSelection;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The size of what a merge will make, before there is an adapter to merge. */
class MergedWeightsTest {

  private static final Path ADAPTERS = Fixtures.path("peft_adapters");

  @TempDir private Path folder;

  private static WeightBytes bytes(Backend device, WeightSource source) throws IOException {
    return WeightBytes.of(
        device, source, BasePrecision.INT8_WEIGHT_ONLY, ModelLoader::languageModel);
  }

  private static ModuleSelection changed(String adapter) throws IOException {
    try (AdapterDirectory directory = AdapterDirectory.open(ADAPTERS.resolve(adapter))) {
      return directory.config().modules();
    }
  }

  private void assertPlanned(Path base, String adapter) throws IOException {
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(base, ADAPTERS.resolve(adapter), merged);
    try (Backend device = Backends.cpu(64L << 20, 1);
        ModelDirectory before = ModelDirectory.open(base);
        ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(bytes(device, WeightSource.of(before).merged(changed(adapter))))
          .isEqualTo(bytes(device, WeightSource.of(after)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "t5_all, t5_plain",
    "t5_shared, flan_t5",
    "t5_tables_whole, flan_t5",
    "t5_embed_head, t5_untied",
    "t5_pissa_head, t5_plain",
    "t5_shared_whole, t5_plain",
    "gpt2_tied_both, gpt2",
    "llama_lora_tables, llama",
  })
  void merged_ofAFixture_isAsLargeAsTheMerge(String adapter, String base) throws IOException {
    assertPlanned(Fixtures.path(base), adapter);
  }

  @ParameterizedTest
  @CsvSource({
    "encoder.embed_tokens",
    "encoder.embed_tokens decoder.embed_tokens lm_head",
    "shared encoder.embed_tokens+ lm_head",
  })
  void merged_ofTablesUnderOtherNames_isAsLargeAsTheMerge(String names) throws IOException {
    Path base = folder.resolve("base");
    StoredTables.store(names, base);
    assertPlanned(base, "t5_all");
  }

  /** Of which only the description is there. */
  @Test
  void merged_ofADescription_hasATableMoreForEachThatIsChanged() throws IOException {
    WeightSource source = WeightSource.synthetic(ModelConfig.at(Fixtures.path("t5_plain")), 3);
    try (Backend device = Backends.cpu(64L << 20, 1)) {
      long table = 96 * 32 * Float.BYTES;
      assertThat(bytes(device, source.merged(changed("t5_all"))).base())
          .isEqualTo(bytes(device, source).base() + 2 * table);
    }
  }
}
