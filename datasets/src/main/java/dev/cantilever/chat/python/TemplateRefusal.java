package dev.cantilever.chat.python;

/** What a template, or we on its behalf, refuse while it is rendered. */
public final class TemplateRefusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String expected;
  private final String found;
  private final String remedy;

  /**
   * Makes one.
   *
   * @param expected what would have been right
   * @param found what was there
   * @param remedy what to do
   */
  public TemplateRefusal(String expected, String found, String remedy) {
    super("refused"); // jinjava takes a cause's message for a format, and a template may have signs
    this.expected = expected;
    this.found = found;
    this.remedy = remedy;
  }

  /**
   * Something of Jinja that is not here.
   *
   * @param what what it is, as a message names it
   * @return the refusal
   */
  public static TemplateRefusal unsupported(String what) {
    return new TemplateRefusal(
        "a template of what this program renders as transformers does",
        what,
        "Write a simpler chat_template.jinja beside it");
  }

  /**
   * Something that fails in Python too.
   *
   * @param what what it is, as a message names it
   * @return the refusal
   */
  public static TemplateRefusal failing(String what) {
    return new TemplateRefusal(
        "a conversation that the chat template takes",
        what + ", which fails in Python too",
        "Give the messages what the template reads, or compare it with the model's own");
  }

  /**
   * What would have been right.
   *
   * @return the first part of a message
   */
  public String expected() {
    return expected;
  }

  /**
   * What was there.
   *
   * @return the second part of a message
   */
  public String found() {
    return found;
  }

  /**
   * What to do.
   *
   * @return the third part of a message
   */
  public String remedy() {
    return remedy;
  }
}
