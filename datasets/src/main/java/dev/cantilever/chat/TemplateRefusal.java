package dev.cantilever.chat;

/** What a template, or we on its behalf, refuse while it is rendered. */
final class TemplateRefusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String expected;
  private final String found;
  private final String remedy;

  TemplateRefusal(String expected, String found, String remedy) {
    super("refused"); // jinjava takes a cause's message for a format, and a template may have signs
    this.expected = expected;
    this.found = found;
    this.remedy = remedy;
  }

  /** Something of Jinja that is not here. */
  static TemplateRefusal unsupported(String what) {
    return new TemplateRefusal(
        "a template of what this program renders as transformers does",
        what,
        "Write a simpler chat_template.jinja beside it");
  }

  /** Something that fails in Python too. */
  static TemplateRefusal failing(String what) {
    return new TemplateRefusal(
        "a conversation that the chat template takes",
        what + ", which fails in Python too",
        "Give the messages what the template reads, or compare it with the model's own");
  }

  String expected() {
    return expected;
  }

  String found() {
    return found;
  }

  String remedy() {
    return remedy;
  }
}
