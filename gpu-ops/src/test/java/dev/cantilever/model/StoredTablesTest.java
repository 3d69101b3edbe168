package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A T5 whose files have the embedding of tokens under other names than one, equal or not. */
class StoredTablesTest extends ModelConformance {

  private static final String HEAD = "lm_head.weight";

  /** Of logits, in fp32: the tolerance stated with the fixtures. */
  private static final float LOGITS = 2e-4f;

  private static final Path PISSA = Fixtures.path("peft_adapters/t5_pissa_head");

  @TempDir private Path folder;

  @Override
  protected Backend open() {
    return Backends.cpu(256L << 20, 2);
  }

  private LanguageModel model(Path path) throws Exception {
    try (ModelDirectory directory = ModelDirectory.open(path)) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .languageModel();
    }
  }

  private Path stored(String modules) throws Exception {
    Path base = folder.resolve("base");
    StoredTables.store(modules, base);
    return base;
  }

  private float[] values(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, tensor);
    return values;
  }

  /** Which of the names have the embedding's contents, by what transformers 5.17 makes of them. */
  @ParameterizedTest
  @CsvSource({
    "shared, 00, 0, true",
    "shared lm_head, 00, 0, true",
    "shared lm_head+, 00, 1, false",
    "shared encoder.embed_tokens decoder.embed_tokens lm_head, 00, 0, true",
    "shared encoder.embed_tokens+ decoder.embed_tokens lm_head, 10, 0, true",
    "shared encoder.embed_tokens+ decoder.embed_tokens+ lm_head, 11, 0, false",
    "shared decoder.embed_tokens+ lm_head+, 01, 1, false",
    "encoder.embed_tokens lm_head, 00, 0, true",
    "encoder.embed_tokens lm_head+, 01, 1, true",
    "encoder.embed_tokens+ decoder.embed_tokens, 10, 1, true",
    "lm_head, 00, 0, true",
  })
  void load_tablesStoredUnderSomeNames_areOneWhereTheirContentsAre(
      String names, String tables, String head, boolean tied) throws Exception {
    LanguageModel model = model(stored(names));

    float[] shared;
    try (ModelDirectory source = ModelDirectory.open(Fixtures.path("t5_plain"))) {
      shared = source.readFloats(StoredTables.SHARED);
    }
    List<EmbeddingTable> read = model.targets().tables();
    String found = added(read.get(0).values(), shared) + added(read.get(1).values(), shared);
    assertThat(found).isEqualTo(tables);
    assertThat(added(((DenseWeight) model.head().weight()).values(), shared)).isEqualTo(head);
    assertThat(model.targets().tied()).isEqualTo(tied);
  }

  private String added(Tensor table, float[] shared) {
    return values(table)[0] == shared[0] ? "0" : "1";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "shared lm_head",
        "shared encoder.embed_tokens lm_head",
        "shared encoder.embed_tokens decoder.embed_tokens lm_head",
        "encoder.embed_tokens",
        "encoder.embed_tokens decoder.embed_tokens lm_head",
        "lm_head",
      })
  void pissaOverAHeadThatIsTheEmbedding_isRefusedOfAModel_andMergedOffAllThatIsOneTensor(
      String names) throws Exception {
    Path base = stored(names);
    LanguageModel model = model(base);
    assertThatThrownBy(() -> Adapter.load(backend, adapters, "a", PISSA, model.targets(), false))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'lm_head', which is the embedding of tokens as well");

    Path merged = folder.resolve("merged");
    AdapterMerger.merge(base, PISSA, merged);

    assertLogits(merged, PISSA);
    try (ModelDirectory before = ModelDirectory.open(base);
        ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(after.config().json()).isEqualTo(before.config().json());
    }
  }

  /** Loaded by transformers 5.17, the same merges give these logits too. */
  @ParameterizedTest
  @CsvSource({
    "t5_shared_whole, shared lm_head",
    "t5_shared_whole, encoder.embed_tokens",
    "t5_resized, shared encoder.embed_tokens lm_head",
    "t5_resized, shared encoder.embed_tokens decoder.embed_tokens lm_head",
    "t5_resized, decoder.embed_tokens",
    "t5_resized_shared, shared lm_head",
    "t5_resized_shared, shared encoder.embed_tokens decoder.embed_tokens lm_head",
    "t5_resized_shared, lm_head",
  })
  void copies_ofOneOfTheTables_areMergedIntoAllThatAreOneTensor(String name, String names)
      throws Exception {
    Path adapter = Fixtures.path("peft_adapters/" + name);
    Path base = stored(names);
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(base, adapter, merged);

    assertLogits(merged, adapter);
    try (ModelDirectory before = ModelDirectory.open(base);
        ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(after.names()).isEqualTo(before.names());
    }
  }

  /** Which of those that are stored transformers reads for the others depends on which they are. */
  @Test
  void headChangedOverABaseWithoutShared_storesAllThatReadTheEmbedding() throws Exception {
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(stored("encoder.embed_tokens"), PISSA, merged);

    try (ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(after.names()).contains(HEAD, "decoder.embed_tokens.weight");
    }
  }

  @Test
  void tableChangedOverDifferentOnesWithoutShared_isRefused() throws Exception {
    Path base = stored("encoder.embed_tokens lm_head+");
    Path adapter = Fixtures.path("peft_adapters/t5_all");

    assertThatThrownBy(() -> AdapterMerger.merge(base, adapter, folder.resolve("merged")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected 'shared.weight', or tables of equal contents")
        .hasMessageContaining("'decoder.embed_tokens.weight' is not stored");
    assertThat(folder.resolve("merged")).doesNotExist();
  }

  /** A plan is made again and again, of tables that may be gigabytes. */
  @Test
  void plans_ofOneSource_compareTablesOnce() throws Exception {
    Path base = stored("shared encoder.embed_tokens decoder.embed_tokens lm_head");
    try (ModelDirectory directory = ModelDirectory.open(base)) {
      WeightSource source = WeightSource.of(directory);
      assertThat(source.withoutData().isSame(HEAD, StoredTables.SHARED)).isTrue();
      changeLastByte(directory.file(HEAD).path(), directory);
      assertThat(directory.same(HEAD, StoredTables.SHARED)).isFalse();
      assertThat(source.withoutData().isSame(HEAD, StoredTables.SHARED)).isTrue();
    }
  }

  /** Of the head, which is the last tensor of the file. */
  private static void changeLastByte(Path path, ModelDirectory directory) throws Exception {
    assertThat(directory.files()).hasSize(1);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(file.length() - 1);
      int last = file.read();
      file.seek(file.length() - 1);
      file.write(last ^ 1);
    }
  }

  @Test
  void pissaOverAHeadThatIsNotTheEmbedding_leavesTheEmbeddingMerged() throws Exception {
    Path base = stored("shared encoder.embed_tokens lm_head+");
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(base, PISSA, merged);

    try (ModelDirectory before = ModelDirectory.open(base);
        ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(after.names()).isEqualTo(before.names());
      for (String table : List.of(StoredTables.SHARED, "encoder.embed_tokens.weight")) {
        assertThat(after.readFloats(table)).isEqualTo(before.readFloats(table));
      }
      assertThat(after.readFloats(HEAD)).isNotEqualTo(before.readFloats(HEAD));
    }
  }

  private void assertLogits(Path path, Path adapter) throws Exception {
    ModelRows rows;
    try (ModelGolden golden = ModelGolden.open(Fixtures.path("t5_plain"))) {
      ModelRows all = golden.modelRows();
      rows = new ModelRows(all.tokens().slice(0, 1), all.source().map(read -> read.slice(0, 1)));
    }
    float[] found = model(path).logits(backend, memory, rows, Set.of());
    try (SafetensorsFile golden = SafetensorsFile.open(adapter.resolve("golden.safetensors"))) {
      assertThat(found)
          .usingComparatorWithPrecision(LOGITS)
          .containsExactly(golden.readFloats("adapter_logits"));
    }
  }
}
