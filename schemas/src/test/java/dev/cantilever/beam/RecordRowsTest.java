package dev.cantilever.beam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.codec.RecordSchema;
import dev.cantilever.codec.Schemas;
import dev.cantilever.row.ArbitraryRecords;
import dev.cantilever.row.Examples;
import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.RolloutUpdate;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.StepStats;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.SchemaRegistry;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;

class RecordRowsTest {

  @Provide
  Arbitrary<Rollout> rollouts() {
    return ArbitraryRecords.rollouts();
  }

  @Provide
  Arbitrary<RolloutUpdate> updates() {
    return ArbitraryRecords.updates();
  }

  @Provide
  Arbitrary<StepStats> stepStats() {
    return ArbitraryRecords.stepStats();
  }

  @Property(tries = 150, seed = "21")
  void row_ofRollout_givesItBack(@ForAll("rollouts") Rollout rollout) {
    assertRoundTrip(Schemas.ROLLOUT, rollout);
  }

  @Property(tries = 80, seed = "22")
  void row_ofUpdate_givesItBack(@ForAll("updates") RolloutUpdate update) {
    assertRoundTrip(Schemas.ROLLOUT_UPDATE, update);
  }

  @Property(tries = 80, seed = "23")
  void row_ofStepStats_givesItBack(@ForAll("stepStats") StepStats stats) {
    assertRoundTrip(Schemas.STEP_STATS, stats);
  }

  private static <T> void assertRoundTrip(RecordSchema<T> schema, T record) {
    Row row = RecordRows.toRow(schema, RecordRows.schema(schema), record);
    assertThat(RecordRows.fromRow(schema, row)).isEqualTo(record);
  }

  @Test
  void registry_everyRecord_hasACoderThatGivesItBack() throws Exception {
    SchemaRegistry registry = SchemaRegistry.createDefault();
    for (RecordSchema<?> schema : Schemas.all()) {
      assertThat(registry.getSchema(schema.recordType())).isEqualTo(RecordRows.schema(schema));
    }
    Coder<Rollout> coder = registry.getSchemaCoder(Rollout.class);
    for (Rollout rollout : Examples.rollouts(9)) {
      assertThat(CoderUtils.clone(coder, rollout)).isEqualTo(rollout);
    }
  }

  @Test
  void registryCoder_nanOfOtherBits_becomesTheOneNan() throws Exception {
    FloatSequence nan = FloatSequence.of(Float.intBitsToFloat(0x7fc01234), -0f, Float.MIN_VALUE);
    RolloutUpdate update = new RolloutUpdate(1, 2, nan, nan, nan, nan, nan, nan);
    Coder<RolloutUpdate> coder = SchemaRegistry.createDefault().getSchemaCoder(RolloutUpdate.class);
    assertThat(CoderUtils.clone(coder, update).values())
        .isEqualTo(FloatSequence.of(Float.NaN, -0f, Float.MIN_VALUE));
  }

  @Test
  void fromRow_fieldMissing_namesIt() {
    Schema other = Schema.builder().addStringField("run").build();
    Row row = Row.withSchema(other).addValue("run").build();
    assertThatThrownBy(() -> RecordRows.fromRow(Schemas.ROLLOUT, row))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("'step'");
  }
}
