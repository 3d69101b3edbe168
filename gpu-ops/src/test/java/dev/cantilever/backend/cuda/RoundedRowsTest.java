package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoundedRowsTest {

  private static final long REGIONS = 1 << 20;
  private static final long REGION_BYTES = 2 * 16 * 128;
  private static final long SECOND = REGIONS + REGION_BYTES;
  private static final int GROUPS = 2;

  private long enqueued;
  private final RoundedRows rounded = new RoundedRows(() -> enqueued, REGIONS, REGION_BYTES);

  private static Tensor rows(long address, long... dims) {
    return Tensor.at(address, DType.F32, Shape.of(dims));
  }

  private final Tensor rows = rows(256, 12, 128);
  private final Tensor other = rows(65_536, 12, 128);

  private void make(Tensor made) {
    RoundedRows.Place place = rounded.place(made);
    enqueued++;
    rounded.written(made, place);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 64, 1",
    "8, 256, 1",
    "9, 128, 2",
    "16, 128, 2",
    "16, 192, 0", // more than a region
    "17, 64, 4",
    "33, 64, 0",
    "1, 96, 0", // no whole stages
    "0, 64, 0",
    "65, 64, 0",
    "5000000000, 64, 0",
  })
  void place_rows_hasTheGroupsOfTheirProduct(long n, long k, int groups) {
    RoundedRows.Place place = rounded.place(rows(256, n, k));
    assertThat(place.groups()).isEqualTo(groups);
    assertThat(place.address()).isEqualTo(groups == 0 ? 0 : SECOND);
    assertThat(place.width()).isEqualTo(groups == 0 ? 0 : k);
  }

  @Test
  void place_manyRows_isNowhereHoweverLargeARegion() {
    RoundedRows ample = new RoundedRows(() -> enqueued, REGIONS, 1L << 40);
    assertThat(ample.place(rows(256, 64, 64)).groups()).isEqualTo(8);
    assertThat(ample.place(rows(256, 65, 64)).address()).isZero();
  }

  @Test
  void place_vector_isNowhere() {
    assertThat(rounded.place(rows(256, 64)).address()).isZero();
  }

  @Test
  void find_directlyBehind_isTheRegion() {
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
    make(rows);
    assertThat(rounded.find(rows, GROUPS)).hasValue(SECOND);
    assertThat(rounded.find(rows(256, 12, 128), GROUPS)).hasValue(SECOND);
  }

  @Test
  void find_anythingEnqueuedSince_isNone() {
    make(rows);
    enqueued++;
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
  }

  @Test
  void find_rowsWithoutRoomMadeSince_isNone() {
    make(rows);
    make(rows(256, 65, 128));
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
  }

  @Test
  void find_otherRowsOrGroups_isNone() {
    make(rows);
    assertThat(rounded.find(rows(512, 12, 128), GROUPS)).isEmpty();
    assertThat(rounded.find(rows(256, 11, 128), GROUPS)).isEmpty();
    assertThat(rounded.find(rows(256, 12, 64), GROUPS)).isEmpty();
    assertThat(rounded.find(rows, GROUPS + 2)).isEmpty();
  }

  private void fork() {
    rounded.fork(() -> enqueued++);
  }

  @Test
  void place_inAChain_isInARegionOfItsOwn() {
    fork();
    make(rows);
    assertThat(rounded.find(rows, GROUPS)).hasValue(REGIONS);
    rounded.second();
    make(other);
    assertThat(rounded.find(other, GROUPS)).hasValue(SECOND);
    assertThat(rounded.find(rows, GROUPS)).isEmpty(); // something was enqueued since
  }

  /** A pair of products may read it for its second beside the first chain. */
  @Test
  void place_outsideOfChains_isNowhereThatTheFirstWrites() {
    make(rows);
    assertThat(rounded.find(rows, GROUPS)).hasValue(SECOND);
    fork();
    assertThat(rounded.place(other).address()).isEqualTo(REGIONS);
    rounded.second();
    rounded.join(() -> enqueued++);
    assertThat(rounded.place(rows).address()).isEqualTo(SECOND);
  }

  @Test
  void join_endsOfBothChains_areKnownToWhatComesNext() {
    fork();
    make(rows);
    rounded.second();
    make(other);
    rounded.join(() -> enqueued++);
    assertThat(rounded.find(rows, GROUPS)).hasValue(REGIONS);
    assertThat(rounded.find(other, GROUPS)).hasValue(SECOND);
    enqueued++;
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
    assertThat(rounded.find(other, GROUPS)).isEmpty();
  }

  @Test
  void join_somethingBehindTheRowsInTheirChain_isNone() {
    fork();
    make(rows);
    enqueued++;
    rounded.second();
    make(other);
    enqueued++;
    rounded.join(() -> {});
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
    assertThat(rounded.find(other, GROUPS)).isEmpty();
  }

  @Test
  void join_chainWithoutRows_knowsNoneOfAForkBefore() {
    fork();
    make(rows);
    rounded.second();
    rounded.join(() -> {});
    enqueued++;
    fork();
    rounded.second();
    rounded.join(() -> {});
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
  }

  @Test
  void place_ofNone_isNowhere() {
    assertThat(RoundedRows.none().place(rows(256, 1, 64)).address()).isZero();
  }

  @Test
  void fork_regionOfAChain_isKnownAtItsBeginningAlone() {
    fork();
    make(rows);
    rounded.second();
    make(other);
    rounded.join(() -> enqueued++);
    fork();
    assertThat(rounded.find(rows, GROUPS)).hasValue(REGIONS);
    assertThat(rounded.find(other, GROUPS)).isEmpty();
    enqueued++;
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
    rounded.second();
    assertThat(rounded.find(other, GROUPS)).hasValue(SECOND);
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
    enqueued++;
    assertThat(rounded.find(other, GROUPS)).isEmpty();
  }

  @Test
  void fork_somethingEnqueuedBefore_leavesNothingKnown() {
    make(rows);
    enqueued++;
    fork();
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
    rounded.second();
    assertThat(rounded.find(rows, GROUPS)).isEmpty();
  }
}
