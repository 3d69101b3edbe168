package dev.cantilever.prepare;

import dev.cantilever.batch.PackingTally;
import dev.cantilever.manifest.CommitManifest;
import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What became of the rows of a shard, or of all shards.
 *
 * @param rowsIn rows read; each is a document, dead or dropped
 * @param dead dead letters by reason; a reason that did not occur is absent
 * @param dropped documents left out, by reason likewise
 * @param train the documents for training, and the rows packed of them
 * @param test the same, held out
 */
record PrepareCounts(
    long rowsIn,
    SortedMap<String, Long> dead,
    SortedMap<String, Long> dropped,
    PackingTally train,
    PackingTally test)
    implements Serializable {

  PrepareCounts {
    dead = Collections.unmodifiableSortedMap(new TreeMap<>(dead));
    dropped = Collections.unmodifiableSortedMap(new TreeMap<>(dropped));
  }

  static PrepareCounts none() {
    PackingTally nothing = new PackingTally(0, 0, 0, 0, 0);
    return new PrepareCounts(0, new TreeMap<>(), new TreeMap<>(), nothing, nothing);
  }

  PrepareCounts plus(PrepareCounts other) {
    return new PrepareCounts(
        rowsIn + other.rowsIn,
        sum(dead, other.dead),
        sum(dropped, other.dropped),
        train.plus(other.train),
        test.plus(other.test));
  }

  /** The same with fewer training rows. */
  PrepareCounts withTrainingRows(long rows, long tokens) {
    PackingTally cut =
        new PackingTally(train.documents(), train.tokensIn(), train.separators(), rows, tokens);
    return new PrepareCounts(rowsIn, dead, dropped, cut, test);
  }

  long documents() {
    return train.documents() + test.documents();
  }

  long deadRows() {
    return total(dead);
  }

  long droppedRows() {
    return total(dropped);
  }

  /** Ids in packed rows. */
  long tokens() {
    return train.tokensOut() + test.tokensOut();
  }

  /** The counts as facts of the manifest, from which {@link #summary} reads. */
  Map<String, String> facts() {
    Map<String, Long> counts = new TreeMap<>();
    counts.put("rows_in", rowsIn);
    counts.put("documents", documents());
    counts.put("rows_dead", deadRows());
    counts.put("rows_dropped", droppedRows());
    counts.put("tokens", tokens());
    dead.forEach((reason, count) -> counts.put("dead_" + reason, count));
    dropped.forEach((reason, count) -> counts.put("dropped_" + reason, count));
    split(counts, "train", train);
    split(counts, "test", test);
    Map<String, String> facts = new TreeMap<>();
    counts.forEach((name, count) -> facts.put(name, count.toString()));
    return facts;
  }

  /** The counts that a manifest states. */
  static PrepareSummary summary(CommitManifest manifest) {
    return new PrepareSummary(
        Long.parseLong(manifest.fact("rows_in")),
        Long.parseLong(manifest.fact("documents")),
        Long.parseLong(manifest.fact("rows_dead")),
        Long.parseLong(manifest.fact("rows_dropped")),
        Long.parseLong(manifest.fact("tokens")));
  }

  private static void split(Map<String, Long> counts, String split, PackingTally tally) {
    counts.put("documents_" + split, tally.documents());
    counts.put("document_tokens_" + split, tally.tokensIn());
    counts.put("packed_rows_" + split, tally.rows());
    counts.put("packed_tokens_" + split, tally.tokensOut());
    counts.put("tokens_left_out_" + split, tally.tokensLeftOut());
  }

  private static SortedMap<String, Long> sum(
      SortedMap<String, Long> one, SortedMap<String, Long> other) {
    SortedMap<String, Long> sum = new TreeMap<>(one);
    other.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
    return sum;
  }

  private static long total(SortedMap<String, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
