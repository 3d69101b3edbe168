package dev.cantilever.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.hub.ModelConfig;
import dev.cantilever.model.Architecture;
import dev.cantilever.model.Families;
import dev.cantilever.model.ResponseRows;
import dev.cantilever.parity.Fixtures;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextObjectiveTest {

  private static final int LENGTH = 9;
  private static final int END = 1; // in the fixture's config

  @TempDir Path folder;

  @Test
  void rows_ofAModelWithAnEncoder_arePartedEverywhere_withoutLosingAToken() throws IOException {
    List<TokenRow> rows = new ArrayList<>();
    for (int r = 0; r < 100; r++) {
      int first = 10 * r;
      rows.add(row(r, IntStream.range(first, first + LENGTH).toArray()));
    }

    ResponseRows parted = new TextObjective(architecture("flan_t5"), 7).of(rows);

    Set<Integer> prefixes = new HashSet<>();
    for (int r = 0; r < rows.size(); r++) {
      int prefix = parted.queryLengths()[r] - 1;
      List<Integer> tokens = new ArrayList<>(IntStream.of(parted.tokens().row(r)).boxed().toList());
      assertThat(tokens.remove(prefix)).isEqualTo(END);
      assertThat(tokens).isEqualTo(IntStream.of(rows.get(r).ids().toArray()).boxed().toList());
      prefixes.add(prefix);
    }
    assertThat(prefixes)
        .containsExactlyInAnyOrderElementsOf(IntStream.range(1, LENGTH).boxed().toList());
  }

  @Test
  void row_isPartedAlike_whateverRowsAreBesideIt() throws IOException {
    TextObjective objective = new TextObjective(architecture("flan_t5"), 7);
    TokenRow row = row(5, 4, 5, 6, 7, 8, 9);

    assertThat(objective.of(List.of(row(1, 2, 3), row)).queryLengths()[1])
        .isEqualTo(objective.of(List.of(row)).queryLengths()[0]);
    assertThat(objective.of(List.of(row(2, 3, 4))).queryLengths()).containsExactly(2);
  }

  @Test
  void rows_ofAModelWithoutAnEncoder_areWhole() throws IOException {
    ResponseRows rows = new TextObjective(architecture("llama"), 7).of(List.of(row(0, 3, 4, 5)));

    assertThat(rows.tokens().row(0)).containsExactly(3, 4, 5);
    assertThat(rows.queryLengths()).containsExactly(1);
  }

  private static TokenRow row(long id, int... tokens) {
    return new TokenRow(id, Split.TRAIN, IntSequence.of(tokens));
  }

  private Architecture architecture(String fixture) throws IOException {
    Path model = folder.resolve(fixture);
    Files.createDirectories(model);
    Fixtures.copy(fixture, model);
    ModelConfig config = ModelConfig.read(model);
    return Families.of(config).architecture(config);
  }
}
