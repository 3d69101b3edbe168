/**
 * Conversations as the text that an instruction-tuned model was trained on, by the chat template of
 * its own checkpoint.
 *
 * <p>Enter by {@link dev.cantilever.chat.ChatTemplate#load}: a model directory in HF layout; then
 * {@link dev.cantilever.chat.ChatTemplate#render} a {@link dev.cantilever.chat.Conversation}. What
 * it gives is encoded without special tokens, because a template writes them itself. {@code
 * ChatTemplateFiles} knows where a model keeps its template.
 *
 * <p>Invariant: a template is a stranger's program. It reaches the conversation, the special tokens
 * and nothing else, and what it may write and how long it may take are bounded. What cannot be
 * rendered as transformers would is an error that names the file, never another text.
 *
 * <p>Not here: how a template is rendered ({@code chat.jinja}, upon {@code chat.python}), token ids
 * ({@code tokenizer}), tools and documents beside the messages.
 */
@NullMarked
package dev.cantilever.chat;

import org.jspecify.annotations.NullMarked;
