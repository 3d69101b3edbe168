package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.nn.TokenBatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Classifiers with settings that no fixture has, against their formulas in double precision. */
public abstract class EncoderVariantConformance extends ModelConformance {

  private static final TokenRows ROWS =
      TokenRows.of(
          new int[] {5, 9, 11, 80, 2, 33, 9, 4, 61, 14}, new int[] {7}, new int[] {1, 95, 17, 60});

  /** Of logits, in fp32: the tolerance stated with the fixtures. */
  private static final double LOGITS = 2e-4;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void logits_ofTokensOfOneType_areThoseOfTheFormulas(EncoderVariant variant) throws IOException {
    int[] zeros = new int[ROWS.tokens()];
    assertLogits(variant, zeros, memory.upload(ROWS, Set.of()));
    if (variant.hasTypes()) {
      assertLogits(variant, zeros, memory.upload(ROWS, Set.of()).withTypes(memory.ints(zeros)));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BERT", "ROBERTA", "DEBERTA_ABSOLUTE"})
  void logits_ofPairs_areThoseOfTheFormulas(EncoderVariant variant) throws IOException {
    int[] types = new int[ROWS.tokens()];
    for (int row = 0; row < ROWS.rows(); row++) {
      Arrays.fill(types, ROWS.offsets()[row] + ROWS.length(row) / 2, ROWS.offsets()[row + 1], 1);
    }
    assertLogits(variant, types, memory.upload(ROWS, Set.of()).withTypes(memory.ints(types)));
  }

  private void assertLogits(EncoderVariant variant, int[] types, TokenBatch batch)
      throws IOException {
    Path checkpoint = folder.resolve(variant.name());
    if (!checkpoint.toFile().exists()) {
      variant.write(checkpoint);
    }
    try (ModelDirectory directory = ModelDirectory.open(checkpoint)) {
      float[][] found =
          classifier(directory)
              .logits(backend, batch, memory.batch(), memory.kept(), memory.scratch());
      for (int row = 0; row < ROWS.rows(); row++) {
        int[] ofRow = Arrays.copyOfRange(types, ROWS.offsets()[row], ROWS.offsets()[row + 1]);
        double[] expected = variant.logits(directory, ROWS.row(row), ofRow);
        assertThat(found[row]).hasSameSizeAs(expected);
        for (int label = 0; label < expected.length; label++) {
          assertThat((double) found[row][label]).isCloseTo(expected[label], within(LOGITS));
        }
      }
    }
  }

  private SequenceClassifier classifier(ModelDirectory directory) throws IOException {
    return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
        .classifier();
  }

  @Test
  void rows_longerThanTheTableOfPositions_areRefused() throws IOException {
    Path checkpoint = EncoderVariant.ROBERTA.write(folder.resolve("roberta"));
    try (ModelDirectory directory = ModelDirectory.open(checkpoint)) {
      SequenceClassifier model = classifier(directory);
      int longest = DecoderVariant.POSITIONS - 4;
      assertThat(model.maxPositions()).isEqualTo(longest);
      TokenRows.of(new int[longest]).requireFits(model.transformer().architecture());
      assertThatThrownBy(
              () ->
                  TokenRows.of(new int[longest + 1])
                      .requireFits(model.transformer().architecture()))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("expected 1 to " + longest + " tokens");
    }
  }

  @Test
  void projections_thatPositionsShare_takeNoAdapter() throws IOException {
    assertThat(targets(EncoderVariant.DEBERTA_KEYS))
        .noneMatch(path -> path.contains(".attention.self."))
        .anyMatch(path -> path.endsWith(".attention.output.dense"));
    assertThat(targets(EncoderVariant.DEBERTA_OWN))
        .anyMatch(path -> path.endsWith(".attention.self.query_proj"));
  }

  private Iterable<String> targets(EncoderVariant variant) throws IOException {
    try (ModelDirectory directory =
        ModelDirectory.open(variant.write(folder.resolve("t" + variant)))) {
      return classifier(directory).transformer().targets().stream().map(LoraTarget::path).toList();
    }
  }
}
