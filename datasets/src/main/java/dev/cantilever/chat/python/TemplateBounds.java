package dev.cantilever.chat.python;

import java.util.List;

/** How large the values may get that a template makes. */
public final class TemplateBounds {

  /** Characters of a string, and of what is written. */
  public static final int CHARS = 4 << 20;

  /** Items of a list. */
  static final int ITEMS = 10_000;

  /** Macros within macros, and nodes within nodes. */
  public static final int DEPTH = 100;

  private TemplateBounds() {}

  /** A number of items, if a list may have as many. */
  static int items(double count) {
    if (count > ITEMS) {
      throw tooLarge("a list of more than " + ITEMS + " items");
    }
    return (int) count;
  }

  /**
   * A list, if it is not too long.
   *
   * @param <T> the kind of its items
   * @param list the list
   * @return the same
   * @throws TemplateRefusal if it has too many items
   */
  public static <T> List<T> checked(List<T> list) {
    items(list.size());
    return list;
  }

  /**
   * A number of characters, if a string may have as many.
   *
   * @param count the number
   * @return the same
   * @throws TemplateRefusal if they are too many
   */
  public static int chars(double count) {
    if (count > CHARS) {
      throw tooLarge("a string of more than " + CHARS + " characters");
    }
    return (int) count;
  }

  private static TemplateRefusal tooLarge(String what) {
    return new TemplateRefusal(
        "a conversation that the chat template keeps short",
        what,
        "Compare the template with the model's own, or shorten the messages");
  }
}
