/**
 * The facts that cross a process boundary, as immutable records.
 *
 * <p>Enter by {@link dev.cantilever.row.Rollout}: one query, the response the policy gave, what the
 * response scored, and under which weights and settings. {@link dev.cantilever.row.RolloutUpdate}
 * is what a PPO update derived from it, joined by step and query id; {@link
 * dev.cantilever.row.StepStats} sums up a step under trl's statistic names. {@link
 * dev.cantilever.row.Document} is what preparation reads; {@link dev.cantilever.row.TokenRow} and
 * {@link dev.cantilever.row.TokenizedDocument} are what it writes for fine-tuning and for queries,
 * and {@link dev.cantilever.row.DeadLetter} what it refuses.
 *
 * <p>Invariant: every value here is deeply immutable and complete; there is no null and no array.
 * Token ids and per-token numbers are {@link dev.cantilever.row.IntSequence} and {@link
 * dev.cantilever.row.FloatSequence}, whose lengths, never a pad id, say what is valid.
 *
 * <p>Anyone may use this package; it uses nothing of ours. It does not know how a row is stored or
 * sent: {@code dev.cantilever.codec} gives each record its Arrow and Parquet form, {@code
 * dev.cantilever.beam} its Beam form. The module's exceptions descend from {@link
 * dev.cantilever.row.SchemaException}, which lives here because this is the lowest room.
 */
@NullMarked
package dev.cantilever.row;

import org.jspecify.annotations.NullMarked;
