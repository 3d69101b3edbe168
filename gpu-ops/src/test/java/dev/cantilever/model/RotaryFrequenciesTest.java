package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables against numbers from transformers' formulas, evaluated in double precision in Python. */
class RotaryFrequenciesTest {

  private static final double TOLERANCE = 1e-13;

  private static final String DYNAMIC =
      "{'rope_scaling':{'type':'dynamic','factor':4},'max_position_embeddings':64}";

  @TempDir Path folder;

  @Test
  void of_unscaled_isTheFormulaOfThePaper() throws IOException {
    RotarySpec spec = table("{'rope_theta':10000}", 16);
    assertThat(spec.dims()).isEqualTo(16);
    assertThat(spec.magnitude()).isEqualTo(1);
    assertFrequencies(spec, Map.of(0, 1.0, 1, 0.31622776601683794, 7, 0.00031622776601683794));
  }

  @Test
  void of_fraction_rotatesSoMuchOfAHead() throws IOException {
    assertThat(table("{'partial_rotary_factor':0.5}", 16))
        .isEqualTo(RotarySpec.unscaled(8, 10_000));
    assertThatThrownBy(() -> table("{'partial_rotary_factor':0.5}", 6))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected an even number of rotary dimensions, found 3");
  }

  @Test
  void of_linear_dividesAll() throws IOException {
    RotarySpec spec = table("{'rope_scaling':{'type':'linear','factor':4}}", 16);
    assertFrequencies(spec, Map.of(0, 0.25, 2, 0.025, 4, 0.0025));
  }

  /** Up to the model's positions transformers leaves them alone. */
  @Test
  void of_dynamic_isUnscaled() throws IOException {
    assertThat(table(DYNAMIC, 16)).isEqualTo(RotarySpec.unscaled(16, 10_000));
  }

  @Test
  void ofLongRows_ofDynamic_isAnotherTableForEachLength() throws IOException {
    LongRows rows = longRows(DYNAMIC, 16).orElseThrow();

    assertThat(rows.originalPositions()).isEqualTo(64);
    assertThat(rows.rotary(65).magnitude()).isEqualTo(1);
    assertFrequencies(
        rows.rotary(65),
        Map.of(
            0, 1.0,
            1, 0.3135008502610082,
            4, 0.009659505456707292,
            7, 0.0002976261327217298));
    assertFrequencies(
        rows.rotary(256),
        Map.of(
            0, 1.0,
            1, 0.21921245982043136,
            4, 0.0023091967709752185,
            7, 2.4325212770526e-05));
  }

  @Test
  void ofLongRows_ofDynamicOnAFraction_countsTheRotatedDimensions() throws IOException {
    String newer =
        "{'rope_parameters':{'rope_type':'dynamic','factor':1.5,'rope_theta':500000.0,"
            + "'partial_rotary_factor':0.5},'max_position_embeddings':10}";

    assertFrequencies(
        longRows(newer, 16).orElseThrow().rotary(25),
        Map.of(1, 0.025388071452247248, 2, 0.0006445541720644116, 3, 1.636398737521535e-05));
    assertThatThrownBy(() -> longRows(newer, 4))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected at least 4 rotary dimensions of a head")
        .hasMessageContaining("found 2");
  }

  @Test
  void of_longRope_dividesEachByItsOwn() throws IOException {
    String settings = "'type':'longrope','short_factor':[1,2,4,8],'long_factor':[2,4,8,16]";
    String positions = "'max_position_embeddings':64,'original_max_position_embeddings':16";

    RotarySpec spec = table("{'rope_scaling':{" + settings + "}," + positions + "}", 8);
    assertFrequencies(spec, Map.of(0, 1.0, 1, 0.05, 2, 0.0025, 3, 0.000125));
    assertThat(spec.magnitude()).isCloseTo(Math.sqrt(1.5), within(TOLERANCE));
    String stated = "{'rope_scaling':{" + settings + ",'factor':16}," + positions + "}";
    assertThat(table(stated, 8).magnitude()).isCloseTo(Math.sqrt(2), within(TOLERANCE));
    String same = positions.replace("64", "16");
    assertThat(table("{'rope_scaling':{" + settings + "}," + same + "}", 8).magnitude())
        .isEqualTo(1);
    String magnified = "{'rope_scaling':{" + settings + ",'attention_factor':3}," + positions + "}";
    assertThat(table(magnified, 8).magnitude()).isEqualTo(3);
    assertThatThrownBy(() -> table("{'rope_scaling':{" + settings + "}," + positions + "}", 16))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'short_factor' to be a list of 8 numbers");
  }

  @Test
  void ofLongRows_dividesEachByItsOwn_withTheSameMagnitude() throws IOException {
    String positions = "'max_position_embeddings':64,'original_max_position_embeddings':16";
    String start = "{'rope_scaling':{'type':'longrope','short_factor':[1,2,4,8],'long_factor':";

    LongRows rows = longRows(start + "[2,4,8,16]}," + positions + "}", 8).orElseThrow();
    assertThat(rows.originalPositions()).isEqualTo(16);
    assertFrequencies(rows.rotary(17), Map.of(0, 0.5, 1, 0.025, 2, 0.00125, 3, 0.0000625));
    assertThat(rows.rotary(17).magnitude()).isCloseTo(Math.sqrt(1.5), within(TOLERANCE));
    assertThat(rows.rotary(64)).isEqualTo(rows.rotary(17));
    assertThatThrownBy(() -> longRows(start + "[2]}," + positions + "}", 8))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'long_factor' to be a list of 4 numbers")
        .hasMessageContaining("found 1");
    assertThat(longRows("{'rope_scaling':{'type':'linear','factor':4}}", 8)).isEmpty();
  }

  @Test
  void of_llama3_keepsDividesAndInterpolates() throws IOException {
    RotarySpec spec =
        table(
            "{'rope_theta':500000.0,'rope_scaling':{'rope_type':'llama3','factor':8.0,"
                + "'low_freq_factor':1.0,'high_freq_factor':4.0,"
                + "'original_max_position_embeddings':8192}}",
            128);
    assertThat(spec.magnitude()).isEqualTo(1);
    assertFrequencies(
        spec,
        Map.of(
            20, 0.016560440080994446,
            28, 0.0032114459947525913,
            30, 0.0013718935677611381,
            33, 0.00031269375038406517,
            36, 7.78465527393245e-05,
            63, 3.068925988914511e-07));
  }

  @Test
  void of_yarn_rampsAndMultiplies() throws IOException {
    RotarySpec spec =
        table(
            "{'rope_theta':1e6,'rope_scaling':{'type':'yarn','factor':4.0,"
                + "'original_max_position_embeddings':32768}}",
            128);
    assertThat(spec.magnitude()).isCloseTo(1.138629436111989, within(TOLERANCE));
    assertFrequencies(
        spec,
        Map.of(
            15, 0.03924189758484536,
            20, 0.01333521432163324,
            25, 0.004131738022518394,
            35, 0.0002462584069089387,
            40, 4.445698525097307e-05,
            63, 3.102344401879299e-07));
  }

  @Test
  void of_yarnOfWholeAndBrokenDimensions_differ() throws IOException {
    String yarn = "'rope_type':'yarn','factor':4,'original_max_position_embeddings':64";
    RotarySpec whole = table("{'rope_parameters':{" + yarn + "}}", 16);
    assertFrequencies(
        whole, Map.of(0, 1.0, 1, 0.23717082451262847, 2, 0.05, 3, 0.007905694150420948));
    RotarySpec broken =
        table(
            "{'rope_parameters':{"
                + yarn
                + ",'beta_fast':16,'beta_slow':2,'truncate':false,'mscale':0.707,"
                + "'mscale_all_dim':1.2}}",
            16);
    assertThat(broken.magnitude()).isCloseTo(0.941403523749669, within(TOLERANCE));
    assertFrequencies(
        broken, Map.of(0, 1.0, 1, 0.14849024701094485, 2, 0.025, 3, 0.007905694150420948));
  }

  private RotarySpec table(String config, int headSize) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return RotaryFrequencies.of(read, read.rotary(10_000, 1), headSize);
  }

  private Optional<LongRows> longRows(String config, int headSize) throws IOException {
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return LongRows.of(read, read.rotary(10_000, 1), headSize);
  }

  private static void assertFrequencies(RotarySpec spec, Map<Integer, Double> expected) {
    expected.forEach(
        (j, frequency) ->
            assertThat(spec.frequencies().get(j))
                .as("frequency %d", j)
                .isCloseTo(frequency, within(TOLERANCE * frequency)));
  }
}
