package dev.cantilever.chat;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The chat template of a model, rendered as transformers' {@code apply_chat_template} does. Safe
 * for sharing between threads.
 */
public final class ChatTemplate {

  private final ChatTemplateFiles files;
  private final String source;
  private final Jinjava jinja;
  private final Map<String, TemplateFunction> functions;

  private ChatTemplate(ChatTemplateFiles files, Optional<Clock> clock) {
    this.files = files;
    try {
      this.source = TemplateSource.rewritten(files.template());
    } catch (TemplateRefusal refusal) {
      throw refused(files, refusal);
    } catch (StackOverflowError e) {
      throw refused(files, tooDeep());
    }
    this.functions = JinjaFunctions.of(clock);
    this.jinja = ChatJinja.create();
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
    Map<String, Object> names = new HashMap<>(files.specialTokens());
    names.putAll(functions);
    names.put("messages", PythonValues.ofJson(conversation.messages()));
    names.put("tools", PythonNone.NONE); // transformers passes both, asked for or not
    names.put("documents", PythonNone.NONE);
    names.put("add_generation_prompt", addGenerationPrompt);
    RenderResult result;
    try (RenderDeadline deadline = RenderDeadline.begin()) {
      result = jinja.renderForResult(source, names);
    } catch (StackOverflowError e) {
      throw refused(files, tooDeep());
    }
    if (!result.getErrors().isEmpty()) {
      throw refused(result.getErrors().get(0));
    }
    return result.getOutput();
  }

  private DatasetException refused(TemplateError error) {
    for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
      if (cause instanceof TemplateRefusal refusal) {
        return refused(files, refusal);
      }
    }
    return new DatasetException(
        files.source().toString(),
        "a chat template that can be rendered",
        "in line " + error.getLineno() + ": " + error.getMessage().replaceAll("\\s*\\R\\s*", " "),
        "Compare it with the model's own, or write a simpler chat_template.jinja beside it",
        error.getException());
  }

  /** A stranger's template may nest as it likes; the stack is what bounds it. */
  private static TemplateRefusal tooDeep() {
    return new TemplateRefusal(
        "a chat template of a common depth",
        "expressions, blocks or values that nest deeper than can be followed",
        "Compare it with the model's own");
  }

  private static DatasetException refused(ChatTemplateFiles files, TemplateRefusal refusal) {
    return new DatasetException(
        files.source().toString(), refusal.expected(), refusal.found(), refusal.remedy(), refusal);
  }
}
