package dev.cantilever.prepare;

import dev.cantilever.text.DatasetException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/**
 * Sees all shards at once: adds up their counts, refuses data that are not worth committing, and
 * tells each shard how many rows lie before it.
 */
final class JudgeShardsFn
    extends DoFn<KV<String, Iterable<ShardOutcome>>, KV<Integer, NumberedShard>> {

  private static final long serialVersionUID = 1L;

  private final PrepareJob job;

  JudgeShardsFn(PrepareJob job) {
    this.job = job;
  }

  @ProcessElement
  public void process(
      @Element KV<String, Iterable<ShardOutcome>> all,
      OutputReceiver<KV<Integer, NumberedShard>> shards) {
    List<ShardOutcome> ordered = new ArrayList<>();
    all.getValue().forEach(ordered::add);
    ordered.sort(Comparator.comparingInt(ShardOutcome::shard));
    PrepareCounts before = PrepareCounts.none();
    List<NumberedShard> numbered = new ArrayList<>();
    for (ShardOutcome outcome : ordered) {
      numbered.add(
          new NumberedShard(
              outcome, before.train().rows(), before.train().tokensOut(), before.test().rows()));
      before = before.plus(outcome.counts());
    }
    requireFewDead(before, ordered);
    requireTraining(before);
    numbered.forEach(shard -> shards.output(KV.of(shard.outcome().shard(), shard)));
  }

  private void requireFewDead(PrepareCounts counts, List<ShardOutcome> shards) {
    if (counts.deadRows() <= job.maxBadShare() * counts.rowsIn()) {
      return;
    }
    String first =
        shards.stream()
            .map(ShardOutcome::firstDead)
            .filter(dead -> !dead.isEmpty())
            .findFirst()
            .orElse("");
    throw new DatasetException(
        job.input(),
        "at most a share of " + job.maxBadShare() + " of the rows to be bad",
        counts.deadRows()
            + " of "
            + counts.rowsIn()
            + " ("
            + reasons(counts.dead())
            + "), the first at "
            + first,
        "Mend the rows, or raise prepare.max_bad_share. Nothing was committed");
  }

  private void requireTraining(PrepareCounts counts) {
    if (counts.train().rows() > 0) {
      return;
    }
    throw new DatasetException(
        job.input(),
        "documents for at least one training row",
        counts.train().documents()
            + " for training and "
            + counts.test().documents()
            + " held out of "
            + counts.rowsIn()
            + " rows (bad: "
            + reasons(counts.dead())
            + "; dropped: "
            + reasons(counts.dropped())
            + ")",
        "Look at the reasons, and at the settings of columns, lengths and test_fraction");
  }

  private static String reasons(Map<String, Long> counts) {
    return counts.isEmpty()
        ? "none"
        : counts.entrySet().stream()
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
  }
}
