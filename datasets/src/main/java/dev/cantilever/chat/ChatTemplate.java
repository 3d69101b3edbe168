package dev.cantilever.chat;

import dev.cantilever.chat.jinja.JinjaTemplate;
import dev.cantilever.chat.python.TemplateRefusal;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The chat template of a model, rendered as transformers' {@code apply_chat_template} does. Safe
 * for sharing between threads.
 */
public final class ChatTemplate {

  private final ChatTemplateFiles files;
  private final JinjaTemplate template;

  private ChatTemplate(ChatTemplateFiles files, Optional<Clock> clock) {
    this.files = files;
    try {
      this.template = JinjaTemplate.of(files.template(), clock);
    } catch (TemplateRefusal refusal) {
      throw refused(files, refusal);
    }
  }

  /**
   * Loads the template of a model directory.
   *
   * @param modelDirectory a directory in HF layout
   * @return the template
   * @throws DatasetException if there is none, or a file is not what it should be
   * @throws IOException if reading fails
   */
  public static ChatTemplate load(Path modelDirectory) throws IOException {
    return load(modelDirectory, Clock.systemDefaultZone());
  }

  /**
   * The same for text that must not depend on the day: to the template {@code strftime_now} is not
   * defined, for which most have a date of their own.
   *
   * @param modelDirectory a directory in HF layout
   * @return the template
   * @throws DatasetException if there is none, or a file is not what it should be
   * @throws IOException if reading fails
   */
  public static ChatTemplate loadWithoutClock(Path modelDirectory) throws IOException {
    return new ChatTemplate(ChatTemplateFiles.read(modelDirectory), Optional.empty());
  }

  /**
   * The same with a clock, which templates read that write the date ({@code strftime_now}).
   *
   * @param modelDirectory a directory in HF layout
   * @param clock the time, with its zone
   * @return the template
   * @throws DatasetException if there is none, or a file is not what it should be
   * @throws IOException if reading fails
   */
  public static ChatTemplate load(Path modelDirectory, Clock clock) throws IOException {
    return new ChatTemplate(ChatTemplateFiles.read(modelDirectory), Optional.of(clock));
  }

  /**
   * The template itself.
   *
   * @return its text and the special tokens that it may name
   */
  public String source() {
    return files.template() + "\n" + new TreeMap<>(files.specialTokens());
  }

  /**
   * The text of a conversation.
   *
   * @param conversation the messages
   * @param addGenerationPrompt whether the beginning of the assistant's answer follows
   * @return the text, with special tokens spelled out
   * @throws DatasetException if the template refuses the conversation, holds an error or something
   *     that is not supported, writes too much or takes too long
   */
  public String render(Conversation conversation, boolean addGenerationPrompt) {
    Map<String, @Nullable Object> values = new HashMap<>(files.specialTokens());
    values.put("messages", conversation.messages());
    values.put("tools", null); // transformers passes both, asked for or not
    values.put("documents", null);
    values.put("add_generation_prompt", addGenerationPrompt);
    try {
      return template.render(values);
    } catch (TemplateRefusal refusal) {
      throw refused(files, refusal);
    }
  }

  private static DatasetException refused(ChatTemplateFiles files, TemplateRefusal refusal) {
    return new DatasetException(
        files.source().toString(), refusal.expected(), refusal.found(), refusal.remedy(), refusal);
  }
}
