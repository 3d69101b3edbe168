package dev.cantilever.model;

import dev.cantilever.hub.CheckpointException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The host's side of a wave of responses: which rows are still going, what they have said, what
 * goes into the model next. Row r of the wave has slot r of the KV cache throughout.
 */
final class GenerationWave {

  private final TokenRows queries;
  private final long[] queryIds;
  private final int[] limits;
  private final StopRule stop;
  private final int[][] tokens;
  private final float[][] logprobs;
  private final int[] lengths;
  private final Generation.End[] ends;
  private int[] active;
  private boolean prefilled;

  GenerationWave(
      TokenRows queries, long[] queryIds, int[] limits, StopRule stop, int maxPositions) {
    this.queries = queries;
    this.queryIds = queryIds;
    this.limits = limits;
    this.stop = stop;
    int rows = queries.rows();
    this.tokens = new int[rows][];
    this.logprobs = new float[rows][];
    this.lengths = new int[rows];
    this.ends = new Generation.End[rows];
    this.active = new int[rows];
    for (int r = 0; r < rows; r++) {
      if (limits[r] < 1 || queries.length(r) + limits[r] > maxPositions) {
        throw new CheckpointException(
            "Row %d: expected query and response to stay within the model's %d positions and to hold a token, found %d + %d tokens. Lower the response length or shorten the query."
                .formatted(r, maxPositions, queries.length(r), limits[r]));
      }
      tokens[r] = new int[limits[r]];
      logprobs[r] = new float[limits[r]];
      ends[r] = Generation.End.LENGTH;
      active[r] = r;
    }
  }

  int rows() {
    return queries.rows();
  }

  int active() {
    return active.length;
  }

  /** Most tokens a row of this wave can reach. */
  int maxTokens() {
    int most = 0;
    for (int r = 0; r < rows(); r++) {
      most = Math.max(most, queries.length(r) + limits[r]);
    }
    return most;
  }

  /** What each active row feeds the model: its query first, then its newest token. */
  TokenRows nextTokens() {
    if (!prefilled) {
      return queries;
    }
    int[][] rows = new int[active.length][];
    for (int i = 0; i < active.length; i++) {
      rows[i] = new int[] {tokens[active[i]][lengths[active[i]] - 1]};
    }
    return TokenRows.of(rows);
  }

  /** Positions of {@link #nextTokens}. */
  int[] nextPositions() {
    TokenRows next = nextTokens();
    int[] positions = new int[next.tokens()];
    for (int i = 0; i < active.length; i++) {
      int first = prefilled ? queries.length(active[i]) + lengths[active[i]] - 1 : 0;
      for (int t = next.offsets()[i]; t < next.offsets()[i + 1]; t++) {
        positions[t] = first + t - next.offsets()[i];
      }
    }
    return positions;
  }

  int[] slots() {
    return active.clone();
  }

  long[] activeQueryIds() {
    return Arrays.stream(active).mapToLong(r -> queryIds[r]).toArray();
  }

  /** Index within its response of the token each active row draws next. */
  int[] responsePositions() {
    return Arrays.stream(active).map(r -> lengths[r]).toArray();
  }

  /** Takes the drawn tokens of the active rows; rows that end leave. */
  void append(int[] drawn, float[] drawnLogprobs) {
    int[] still = new int[active.length];
    int count = 0;
    for (int i = 0; i < active.length; i++) {
      int r = active[i];
      tokens[r][lengths[r]] = drawn[i];
      logprobs[r][lengths[r]] = drawnLogprobs[i];
      lengths[r]++;
      if (stop.ends(drawn[i])) {
        ends[r] =
            stop.endOfText().contains(drawn[i])
                ? Generation.End.END_OF_TEXT
                : Generation.End.STOP_TOKEN;
      } else if (lengths[r] < limits[r]) {
        still[count++] = r;
      }
    }
    active = Arrays.copyOf(still, count);
    prefilled = true;
  }

  List<Generation> generations() {
    List<Generation> all = new ArrayList<>();
    for (int r = 0; r < rows(); r++) {
      all.add(
          new Generation(
              Arrays.copyOf(tokens[r], lengths[r]),
              Arrays.copyOf(logprobs[r], lengths[r]),
              ends[r]));
    }
    return all;
  }
}
