package dev.cantilever.codec;

import dev.cantilever.row.DeadLetter;
import dev.cantilever.row.Document;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Provenance;
import dev.cantilever.row.Query;
import dev.cantilever.row.Response;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.RolloutUpdate;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Split;
import dev.cantilever.row.Statistic;
import dev.cantilever.row.StepStats;
import dev.cantilever.row.StopReason;
import dev.cantilever.row.TokenRow;
import dev.cantilever.row.TokenizedDocument;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The catalogue: the definition of every record of {@code dev.cantilever.row}. */
public final class Schemas {

  /** A query of a step. */
  public static final RecordSchema<Query> QUERY =
      RecordSchema.named("query", Query.class)
          .int32("step", Query::step)
          .int32("batch", Query::batch)
          .int64("query_id", Query::queryId)
          .string("query", Query::query)
          .int32List("query_ids", Query::queryIds)
          .assembledBy(Schemas::query);

  /** A rollout; the table of facts. */
  public static final RecordSchema<Rollout> ROLLOUT =
      RecordSchema.named("rollout", Rollout.class)
          .string("run", r -> r.provenance().run())
          .int32("step", Rollout::step)
          .int32("batch", r -> r.query().batch())
          .int64("query_id", Rollout::queryId)
          .string("query", r -> r.query().query())
          .int32List("query_ids", r -> r.query().queryIds())
          .string("response", r -> r.response().text())
          .int32List("response_ids", r -> r.response().ids())
          .float32List("sampler_logprobs", r -> r.response().samplerLogprobs())
          .scores("scores", Rollout::scores)
          .int64("seed", r -> r.provenance().seed())
          .string("base_digest", r -> r.provenance().baseDigest())
          .string("adapter_digest", r -> r.provenance().adapterDigest())
          .string("sampler_digest", r -> r.provenance().samplerDigest())
          .int32("query_length", r -> r.query().length())
          .int32("response_length", r -> r.response().length())
          .enumeration("stop_reason", r -> r.response().stopReason())
          .int64("time_millis", r -> r.provenance().timeMillis())
          .assembledBy(Schemas::rollout);

  /** What an update derived for a rollout; joins it by step and query id. */
  public static final RecordSchema<RolloutUpdate> ROLLOUT_UPDATE =
      RecordSchema.named("rollout_update", RolloutUpdate.class)
          .int32("step", RolloutUpdate::step)
          .int64("query_id", RolloutUpdate::queryId)
          .float32List("old_logprobs", RolloutUpdate::oldLogprobs)
          .float32List("ref_logprobs", RolloutUpdate::refLogprobs)
          .float32List("values", RolloutUpdate::values)
          .float32List("rewards", RolloutUpdate::rewards)
          .float32List("advantages", RolloutUpdate::advantages)
          .float32List("returns", RolloutUpdate::returns)
          .assembledBy(
              v ->
                  new RolloutUpdate(
                      v.int32("step"),
                      v.int64("query_id"),
                      v.float32List("old_logprobs"),
                      v.float32List("ref_logprobs"),
                      v.float32List("values"),
                      v.float32List("rewards"),
                      v.float32List("advantages"),
                      v.float32List("returns")));

  /** The statistics of a step, a column each, named as trl names them. */
  public static final RecordSchema<StepStats> STEP_STATS = stepStats();

  /** A cleaned text. */
  public static final RecordSchema<Document> DOCUMENT =
      RecordSchema.named("document", Document.class)
          .int64("document_id", Document::documentId)
          .string("source", Document::source)
          .string("text", Document::text)
          .enumeration("split", Document::split)
          .assembledBy(
              v ->
                  new Document(
                      v.int64("document_id"),
                      v.string("source"),
                      v.string("text"),
                      v.enumeration("split", Split.class)));

  /** A packed row of tokens. */
  public static final RecordSchema<TokenRow> TOKEN_ROW =
      RecordSchema.named("token_row", TokenRow.class)
          .int64("row_id", TokenRow::rowId)
          .enumeration("split", TokenRow::split)
          .int32List("ids", TokenRow::ids)
          .assembledBy(
              v ->
                  new TokenRow(
                      v.int64("row_id"), v.enumeration("split", Split.class), v.int32List("ids")));

  /** The first tokens of a document. */
  public static final RecordSchema<TokenizedDocument> TOKENIZED_DOCUMENT =
      RecordSchema.named("tokenized_document", TokenizedDocument.class)
          .string("document_id", TokenizedDocument::documentId)
          .enumeration("split", TokenizedDocument::split)
          .int32List("ids", TokenizedDocument::ids)
          .assembledBy(
              v ->
                  new TokenizedDocument(
                      v.string("document_id"),
                      v.enumeration("split", Split.class),
                      v.int32List("ids")));

  /** A refused input row. */
  public static final RecordSchema<DeadLetter> DEAD_LETTER =
      RecordSchema.named("dead_letter", DeadLetter.class)
          .string("source", DeadLetter::source)
          .int64("line", DeadLetter::line)
          .string("reason", DeadLetter::reason)
          .string("content", DeadLetter::content)
          .assembledBy(
              v ->
                  new DeadLetter(
                      v.string("source"),
                      v.int64("line"),
                      v.string("reason"),
                      v.string("content")));

  private static final List<RecordSchema<?>> ALL =
      List.of(
          QUERY,
          ROLLOUT,
          ROLLOUT_UPDATE,
          STEP_STATS,
          DOCUMENT,
          TOKEN_ROW,
          TOKENIZED_DOCUMENT,
          DEAD_LETTER);

  private Schemas() {}

  /** All definitions. */
  public static List<RecordSchema<?>> all() {
    return ALL;
  }

  /** The definition of a record class, if it is in the catalogue. */
  @SuppressWarnings("unchecked") // A schema's record type is the class it is found by.
  public static <T> Optional<RecordSchema<T>> of(Class<? super T> recordType) {
    return ALL.stream()
        .filter(schema -> schema.recordType().equals(recordType))
        .map(schema -> (RecordSchema<T>) schema)
        .findFirst();
  }

  private static Query query(RowValues v) {
    return new Query(
        v.int32("step"),
        v.int32("batch"),
        v.int64("query_id"),
        v.string("query"),
        v.int32List("query_ids"));
  }

  private static Rollout rollout(RowValues v) {
    Rollout rollout =
        new Rollout(
            query(v),
            new Response(
                v.string("response"),
                v.int32List("response_ids"),
                v.float32List("sampler_logprobs"),
                v.enumeration("stop_reason", StopReason.class)),
            v.scores("scores"),
            new Provenance(
                v.string("run"),
                v.int64("seed"),
                v.string("base_digest"),
                v.string("adapter_digest"),
                v.string("sampler_digest"),
                v.int64("time_millis")));
    requireLength(v, "query_length", rollout.query().queryIds());
    requireLength(v, "response_length", rollout.response().ids());
    return rollout;
  }

  private static void requireLength(RowValues v, String column, IntSequence ids) {
    if (v.int32(column) != ids.size()) {
      throw new SchemaException(
          String.format(
              "'%s': expected %s to be the number of token ids, %d, found %d (query_id %d)."
                  + " The row was altered; make the rollouts of its step again.",
              v.type().name(), column, ids.size(), v.int32(column), v.int64("query_id")));
    }
  }

  private static RecordSchema<StepStats> stepStats() {
    RecordSchema.Builder<StepStats> builder =
        RecordSchema.named("step_stats", StepStats.class)
            .string("run", StepStats::run)
            .int32("step", StepStats::step)
            .int64("seed", StepStats::seed)
            .string("adapter_digest", StepStats::adapterDigest);
    for (Statistic statistic : Statistic.values()) {
      builder.float64(statistic.label(), stats -> stats.get(statistic));
    }
    return builder.assembledBy(
        v -> {
          Map<Statistic, Double> statistics = new EnumMap<>(Statistic.class);
          for (Statistic statistic : Statistic.values()) {
            statistics.put(statistic, v.float64(statistic.label()));
          }
          return new StepStats(
              v.string("run"),
              v.int32("step"),
              v.int64("seed"),
              v.string("adapter_digest"),
              statistics);
        });
  }
}
