/**
 * Which queries a PPO step asks: their documents, their lengths, their order.
 *
 * <p>Enter by {@link dev.cantilever.prompt.QueryOrder} (the documents of step <em>s</em>), {@link
 * dev.cantilever.prompt.QuerySampler} (the first tokens of a document) and {@link
 * dev.cantilever.prompt.EvaluationPrompts} (the fixed prompts of before and after).
 *
 * <p>Used by the pipelines' query stage. Invariant: everything is a function of seed and document
 * ids. No earlier step, shard, thread or order of arrival matters, so an interrupted run resumes at
 * any step, and no document occurs twice within a step.
 *
 * <p>Not here: the tokenizer, templates, the sampling of responses.
 */
@NullMarked
package dev.cantilever.prompt;

import org.jspecify.annotations.NullMarked;
