package dev.cantilever.generate;

import dev.cantilever.tokenizer.TextTokenizer;

/**
 * A text to continue.
 *
 * @param text the text
 * @param whole whether it spells out its special tokens, as what a chat template made does; else
 *     the tokenizer puts before it what it puts before a text
 */
public record Prompt(String text, boolean whole) {

  /** A text without special tokens. */
  public static Prompt of(String text) {
    return new Prompt(text, false);
  }

  int[] ids(TextTokenizer tokenizer) {
    return whole ? tokenizer.encode(text) : tokenizer.encodeToContinue(text);
  }
}
