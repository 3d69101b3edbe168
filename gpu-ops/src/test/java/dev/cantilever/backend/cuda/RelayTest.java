package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RelayTest {

  private static final long WORDS = 1 << 20;
  private static final long LINE = 128;

  private long enqueued = 7;
  private final Relay relay = new Relay(() -> enqueued, WORDS);

  private Relay.Place launch(int blocks) {
    Relay.Place place = relay.place(blocks);
    enqueued++;
    return place;
  }

  @Test
  void place_withoutAPair_isInNone() {
    assertThat(launch(3).present()).isFalse();
    assertThat(relay.last().present()).isFalse();
  }

  @Test
  void place_oneBehindTheOther_awaitsTheOneBefore() {
    relay.begin();
    Relay.Place first = launch(3);
    Relay.Place second = launch(5);
    Relay.Place last = relay.last();
    assertThat(first).isEqualTo(new Relay.Place(WORDS + LINE, 0, 0, WORDS + 2 * LINE));
    assertThat(second)
        .isEqualTo(new Relay.Place(WORDS + LINE, WORDS + 2 * LINE, 3, WORDS + 3 * LINE));
    assertThat(last).isEqualTo(new Relay.Place(WORDS + LINE, WORDS + 3 * LINE, 5, 0));
  }

  @Test
  void place_behindTheLast_isInNone() {
    relay.begin();
    relay.last();
    enqueued++;
    assertThat(launch(3).present()).isFalse();
  }

  @Test
  void place_behindWhatHasNone_isInNone() {
    relay.begin();
    launch(3);
    enqueued++;
    assertThat(launch(3).present()).isFalse();
    assertThat(relay.last().present()).isFalse();
  }

  @Test
  void place_behindTheEnd_isInNone() {
    relay.begin();
    relay.end();
    assertThat(launch(3).present()).isFalse();
  }

  @Test
  void place_behindAnotherPair_beginsAgain() {
    relay.begin();
    Relay.Place first = launch(3);
    enqueued += 4;
    relay.begin();
    assertThat(launch(3)).isEqualTo(first);
  }

  /**
   * Or the second of two kernels that belong together would begin before what it reads is there.
   */
  @Test
  void place_moreThanThereAreWordsFor_areAnEvenNumber() {
    relay.begin();
    List<Boolean> present = IntStream.range(0, 20).mapToObj(i -> launch(1).present()).toList();
    assertThat(present.indexOf(false)).isPositive().isEven();
    assertThat(present.lastIndexOf(true)).isLessThan(present.indexOf(false));
  }
}
