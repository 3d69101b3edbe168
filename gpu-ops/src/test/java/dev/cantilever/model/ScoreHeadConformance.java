package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A score head on every decoder that has a fixture: its rows are some of the language head's, so
 * that its outputs are logits which transformers computed.
 */
public abstract class ScoreHeadConformance extends ModelConformance {

  private static final List<int[]> HEADS = List.of(new int[] {17}, new int[] {3, 42, 17});

  /** Of logits, in fp32: the tolerance stated with the fixtures. */
  private static final float LOGITS = 2e-4f;

  @TempDir Path folder;

  static Stream<Arguments> fixturesAndHeads() {
    return GoldenModelConformance.causalFixtures()
        .flatMap(fixture -> HEADS.stream().map(tokens -> Arguments.of(fixture, tokens)));
  }

  @ParameterizedTest
  @MethodSource("fixturesAndHeads")
  void logits_areThoseOfTheLastToken(String fixture, int[] tokens) throws IOException {
    Path golden = Fixtures.path(fixture).resolve("golden.safetensors");
    try (ModelDirectory causal = ModelDirectory.open(Fixtures.path(fixture));
        ModelDirectory scored = ModelDirectory.open(withScoreHead(causal, tokens));
        SafetensorsFile expected = SafetensorsFile.open(golden)) {
      SequenceClassifier model =
          new ModelLoader(backend, scored, BasePrecision.STORED, weights, Optional.empty())
              .classifier();
      assertThat(model.labels()).hasSize(tokens.length);
      int width = Math.toIntExact(expected.entry("input_ids").shape().dim(1));
      int[] mask = expected.readInts("attention_mask");
      float[] logits = expected.readFloats("logits");
      int vocab = logits.length / mask.length;

      TokenRows rows = TokenRows.ofPadded(expected.readInts("input_ids"), mask, width);
      float[][] found =
          model
              .forRowsOf(rows.longest()) // in one batch
              .logits(
                  backend,
                  memory.upload(rows, Set.of()),
                  memory.batch(),
                  memory.kept(),
                  memory.scratch());

      float cap = model.transformer().architecture().head().cap();
      float[] bias = headBias(causal, vocab);
      for (int row = 0; row < found.length; row++) {
        int last = (row + 1) * width - 1;
        while (mask[last] == 0) {
          last--;
        }
        for (int label = 0; label < tokens.length; label++) {
          int token = tokens[label];
          assertThat(capped(found[row][label], cap) + bias[token])
              .isCloseTo(logits[last * vocab + token], within(LOGITS));
        }
      }
    }
  }

  /** The bias of a language head, which a score has not; zeros where there is none. */
  private static float[] headBias(ModelDirectory causal, int vocab) throws IOException {
    ArchitectureFamily family = Families.of(causal.config());
    return family.architecture(causal.config()).head().bias()
        ? causal.readFloats(family.names().languageHead().orElseThrow() + ".bias")
        : new float[vocab];
  }

  /** What a language head would make of a score, which has no cap. */
  private static float capped(float score, float cap) {
    return cap == 0 ? score : (float) (cap * Math.tanh(score / cap));
  }

  /** The checkpoint with rows of its language head as {@code score}, and a label for each. */
  private Path withScoreHead(ModelDirectory causal, int[] tokens) throws IOException {
    ArchitectureFamily family = Families.of(causal.config());
    Architecture architecture = family.architecture(causal.config());
    CheckpointNames names = family.names();
    String head = names.languageHead().orElseThrow() + ".weight";
    String matrix =
        architecture.head().tying() == HeadTying.TIED ? names.tokens() + ".weight" : head;
    int width = architecture.outputSize();
    float[] rows = causal.readFloats(matrix);
    float[] score = new float[tokens.length * width];
    ObjectNode config = causal.config().json();
    ObjectNode labels = config.putObject("id2label");
    for (int label = 0; label < tokens.length; label++) {
      System.arraycopy(rows, tokens[label] * width, score, label * width, width);
      labels.put(Integer.toString(label), "token " + tokens[label]);
    }
    List<TensorSpec> specs = new ArrayList<>();
    for (String name : causal.names()) {
      if (!name.equals(head)) {
        specs.add(new TensorSpec(name, DType.F32, causal.entry(name).shape()));
      }
    }
    specs.add(new TensorSpec("score.weight", DType.F32, Shape.of(tokens.length, width)));
    Path directory = Files.createDirectory(folder.resolve("score" + Arrays.hashCode(tokens)));
    Files.writeString(directory.resolve("config.json"), config.toString());
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve("model.safetensors"), specs)) {
      for (TensorSpec spec : specs) {
        boolean added = spec.name().equals("score.weight");
        writer.write(spec.name(), added ? score : causal.readFloats(spec.name()));
      }
      writer.finish();
    }
    return directory;
  }
}
