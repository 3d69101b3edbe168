package dev.cantilever.beam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.codec.ArrowMemory;
import dev.cantilever.codec.ListColumn;
import dev.cantilever.codec.Schemas;
import dev.cantilever.row.ArbitraryRecords;
import dev.cantilever.row.Examples;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.SchemaException;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.testing.CoderProperties;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.jupiter.api.Test;

class ArrowBatchTest {

  @Provide
  Arbitrary<List<Rollout>> rollouts() {
    return ArbitraryRecords.rollouts().list().ofMaxSize(6);
  }

  @Property(tries = 80, seed = "11")
  @SuppressWarnings("deprecation") // CoderProperties asks for a Coder.Context.
  void coder_arbitraryBatch_keepsBeamsContract(@ForAll("rollouts") List<Rollout> rollouts)
      throws Exception {
    ArrowBatch batch = ArrowBatch.ofRecords(Schemas.ROLLOUT, rollouts);
    ArrowBatch same = ArrowBatch.ofRecords(Schemas.ROLLOUT, rollouts);
    Coder<ArrowBatch> coder = ArrowBatchCoder.of();
    CoderProperties.coderDecodeEncodeEqual(coder, batch);
    CoderProperties.coderDeterministic(coder, batch, same);
    CoderProperties.coderConsistentWithEquals(coder, batch, same);
    CoderProperties.testByteCount(coder, Coder.Context.NESTED, new ArrowBatch[] {batch});
    assertThat(CoderUtils.clone(coder, batch).records(Schemas.ROLLOUT)).isEqualTo(rollouts);
  }

  @Property(tries = 80, seed = "12")
  void of_openedBatch_givesTheSameBytes(@ForAll("rollouts") List<Rollout> rollouts) {
    ArrowBatch batch = ArrowBatch.ofRecords(Schemas.ROLLOUT, rollouts);
    try (ArrowMemory memory = ArrowMemory.open("again");
        OpenBatch open = batch.open(memory.allocator())) {
      assertThat(open.rows()).isEqualTo(rollouts.size());
      assertThat(ArrowBatch.of(Schemas.ROLLOUT.name(), open.root())).isEqualTo(batch);
    }
  }

  @Test
  void coders_ofBatchAndKey_areSerializable() {
    SerializableUtils.ensureSerializable(ArrowBatchCoder.of());
    SerializableUtils.ensureSerializable(BatchKeyCoder.of());
    assertThat(SerializableUtils.clone(ArrowBatchCoder.of())).isEqualTo(ArrowBatchCoder.of());
  }

  @Test
  void keyCoder_keys_keepsBeamsContractAndOrder() throws Exception {
    Coder<BatchKey> coder = BatchKeyCoder.of();
    CoderProperties.coderDecodeEncodeEqual(coder, new BatchKey(3, 70_000));
    CoderProperties.coderDeterministic(coder, new BatchKey(1, 2), new BatchKey(1, 2));
    CoderProperties.coderConsistentWithEquals(coder, new BatchKey(1, 2), new BatchKey(2, 1));
    byte[] lower = CoderUtils.encodeToByteArray(coder, new BatchKey(1, 300));
    byte[] higher = CoderUtils.encodeToByteArray(coder, new BatchKey(2, 5));
    assertThat(Arrays.compareUnsigned(lower, higher)).isNegative();
  }

  @Test
  void open_listColumn_isReadInPlace() {
    ArrowBatch batch = ArrowBatch.ofRecords(Schemas.ROLLOUT, Examples.rollouts(4));
    try (ArrowMemory memory = ArrowMemory.open("in place");
        OpenBatch open = batch.open(memory.allocator())) {
      ListColumn ids = open.list("response_ids");
      assertThat(ids.offsets()).containsExactly(0, 0, 1, 3, 6);
      assertThat(MemoryUtil.getInt(ids.dataAddress() + 4L * ids.offset(3))).isEqualTo(21);
      assertThat(ids.dataAddress() % 8).isZero();
      assertThat(ids.offsetsAddress() % 8).isZero();
    }
  }

  @Test
  void records_otherSchema_namesBoth() {
    ArrowBatch batch = ArrowBatch.ofRecords(Schemas.ROLLOUT, Examples.rollouts(2));
    assertThatThrownBy(() -> batch.records(Schemas.QUERY))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("'query'")
        .hasMessageContaining("'rollout'");
  }

  @Test
  void open_bytesCut_failsAndHoldsNothing() {
    ArrowBatch whole = ArrowBatch.ofRecords(Schemas.ROLLOUT, Examples.rollouts(3));
    for (int length = 0; length < whole.ipcBytes() - 8; length += 97) {
      ArrowBatch cut = new ArrowBatch("rollout", 3, Arrays.copyOf(whole.ipc(), length));
      try (ArrowMemory memory = ArrowMemory.open("cut at " + length)) {
        assertThatThrownBy(() -> cut.open(memory.allocator()))
            .isInstanceOf(SchemaException.class)
            .hasMessageContaining("'rollout'");
        assertThat(memory.allocatedBytes()).isZero();
      }
    }
  }

  @Test
  void batchKey_negative_isRefused() {
    assertThatThrownBy(() -> new BatchKey(1, -1)).isInstanceOf(SchemaException.class);
  }
}
