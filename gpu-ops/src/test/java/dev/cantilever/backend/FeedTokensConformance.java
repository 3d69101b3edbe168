package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.OpsException;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of {@link SamplingOps#feedTokens} must do. */
public abstract class FeedTokensConformance extends OpsConformance {

  /** The tensors of a feed of some rows. */
  private record Feed(
      Tensor ids,
      Tensor positions,
      Tensor responsePositions,
      Tensor kept,
      Tensor place,
      Tensor tokens,
      Tensor logprobs) {

    void run(Backend backend) {
      backend
          .sampling()
          .feedTokens(ids, positions, responsePositions, kept, place, tokens, logprobs);
    }
  }

  private Feed feed(int b, int places, int place) {
    Tensor kept = tensors.output(DType.I32, places, 2 * b);
    backend.transfers().zero(kept);
    return new Feed(
        tensors.of(tensors.indices(b, 1000)),
        tensors.of(tensors.indices(b, 1000)),
        tensors.of(tensors.indices(b, 1000)),
        kept,
        tensors.of(place),
        tensors.of(tensors.indices(b, 1000)),
        tensors.of(tensors.normal(b, 3), b));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 127, 128, 129, 1000})
  void feedTokens_stepAfterStep_keepsEachDrawAndMakesItTheNextInput(int b) {
    int places = 5;
    Feed feed = feed(b, places, 1);
    int[] expected = new int[places * 2 * b];
    int[] positions = tensors.readInts(feed.positions());
    int[] responsePositions = tensors.readInts(feed.responsePositions());
    for (int place = 1; place < places; place++) {
      int[] tokens = tensors.indices(b, 1000);
      float[] logprobs = tensors.normal(b, 3);
      backend.transfers().upload(feed.tokens(), tokens);
      backend.transfers().upload(feed.logprobs(), logprobs);

      feed.run(backend);

      for (int r = 0; r < b; r++) {
        expected[2 * b * place + r] = tokens[r];
        expected[2 * b * place + b + r] = Float.floatToRawIntBits(logprobs[r]);
        positions[r]++;
        responsePositions[r]++;
      }
      assertThat(tensors.readInts(feed.ids())).isEqualTo(tokens);
      assertThat(tensors.readInts(feed.positions())).isEqualTo(positions);
      assertThat(tensors.readInts(feed.responsePositions())).isEqualTo(responsePositions);
      assertThat(tensors.readInts(feed.kept())).isEqualTo(expected);
      assertThat(tensors.readInts(feed.place())).containsExactly(place + 1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 3, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void feedTokens_placeOutOfRange_isNamedAndNothingChanges(int place) {
    Feed feed = feed(4, 3, place);
    assertUnchanged(
        feed,
        () ->
            assertFoundInValues(() -> feed.run(backend))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("[0, 3), got " + place));
  }

  @Test
  void feedTokens_behindADrawThatFailed_changesNothing() {
    Feed feed = feed(2, 3, 1);
    Tensor logits = tensors.of(new float[] {0, 1, 0, Float.NaN}, 2, 2);
    Tensor queries = tensors.of(new long[] {7, 8});
    int position = tensors.readInts(feed.responsePositions())[1];
    assertUnchanged(
        feed,
        () ->
            assertFoundInValues(
                    () -> {
                      for (int step = 0; step < 2; step++) {
                        backend
                            .sampling()
                            .sample(
                                feed.tokens(),
                                feed.logprobs(),
                                logits,
                                queries,
                                feed.responsePositions(),
                                SamplingSpec.PLAIN,
                                1,
                                0);
                        feed.run(backend);
                      }
                    })
                .isInstanceOf(OpsException.class)
                .hasMessageContaining("row 1 (query 8, position " + position + ")"));
  }

  private void assertUnchanged(Feed feed, Runnable attempt) {
    List<Tensor> fed =
        List.of(feed.ids(), feed.positions(), feed.responsePositions(), feed.kept(), feed.place());
    List<int[]> before = fed.stream().map(tensors::readInts).toList();
    attempt.run();
    for (int t = 0; t < fed.size(); t++) {
      assertThat(tensors.readInts(fed.get(t))).isEqualTo(before.get(t));
    }
  }

  @Test
  void feedTokens_wrongShapes_nameTheArgument() {
    Tensor two = tensors.of(0, 0);
    Tensor three = tensors.of(0, 0, 0);
    Tensor logprobs = tensors.of(new float[2], 2);
    Tensor kept = tensors.output(DType.I32, 3, 4);
    Tensor one = tensors.of(0);
    SamplingOps ops = backend.sampling();
    assertThatThrownBy(() -> ops.feedTokens(three, two, two, kept, one, two, logprobs))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected ids [B=2]");
    assertThatThrownBy(() -> ops.feedTokens(two, two, two, kept, two, two, logprobs))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected place");
    assertThatThrownBy(
            () ->
                ops.feedTokens(two, two, two, tensors.output(DType.I32, 3, 2), one, two, logprobs))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected kept [P=3, 2*B=4]");
  }
}
