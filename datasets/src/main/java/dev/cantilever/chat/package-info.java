/**
 * Conversations as the text that an instruction-tuned model was trained on, by the chat template of
 * its own checkpoint.
 *
 * <p>Enter by {@link dev.cantilever.chat.ChatTemplate#load}: a model directory in HF layout; then
 * {@link dev.cantilever.chat.ChatTemplate#render} a {@link dev.cantilever.chat.Conversation}. What
 * it gives is encoded without special tokens, because a template writes them itself.
 *
 * <p>Templates are Jinja, rendered by jinjava with what transformers has and jinjava lacks laid
 * over it: which white space stays ({@code TemplateSource}), slices with a step ({@code
 * ExpressionDialect}), Python's operators ({@code PythonExpressions}), its methods of strings
 * ({@code PythonStrings}), scopes and filters of loops ({@code LoopTag}), values and JSON as Python
 * writes them ({@code PythonText}, {@code ToJsonFilter}).
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
