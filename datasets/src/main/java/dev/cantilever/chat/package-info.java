/**
 * Conversations as the text that an instruction-tuned model was trained on, by the chat template of
 * its own checkpoint.
 *
 * <p>Enter by {@link dev.cantilever.chat.ChatTemplate#load}: a model directory in HF layout; then
 * {@link dev.cantilever.chat.ChatTemplate#render} a {@link dev.cantilever.chat.Conversation}. What
 * it gives is encoded without special tokens, because a template writes them itself.
 *
 * <p>Templates are Jinja, rendered by jinjava: its tree of tags, its scopes and the ground of its
 * parser. What Jinja and transformers have otherwise is laid over it, by part: which white space
 * stays and what is checked before anything is rendered ({@code TemplateSource}, {@code
 * ExpressionDialect}); the grammar of expressions ({@code JinjaParser}, {@code JinjaScanner}); tags
 * ({@code LoopTag}, {@code ConditionTag}, {@code AssignTag}, {@code MacroTag}, {@code LeaveTag});
 * filters, tests and functions ({@code JinjaFilters}, {@code JinjaTests}, {@code JinjaFunctions}).
 * Below them lie Python's values: which there are ({@code PythonValues}), what may be asked of them
 * ({@code TemplateAccess}, {@code PythonStrings}), operators and order ({@code PythonOperators},
 * {@code PythonComparison}) and how they are written ({@code PythonText}, {@code PythonJson}). None
 * is {@code PythonNone}; a Java null is what is undefined.
 *
 * <p>Invariant: a template is a stranger's program. It reaches the conversation, the special tokens
 * and nothing else ({@code TemplateAccess}), and what it may write and how long it may take are
 * bounded. What cannot be rendered as transformers would is an error, never another text.
 *
 * <p>Not here: token ids ({@code tokenizer}), tools and documents beside the messages.
 */
@NullMarked
package dev.cantilever.chat;

import org.jspecify.annotations.NullMarked;
