package dev.cantilever.model;

import java.util.Arrays;
import java.util.OptionalInt;

/** A query on its way to a response: what it has said, and where it is in the KV cache. */
final class GenerationRow {

  private int[] query;
  private int[] prompt; // what the decoder begins with
  private final long queryId;
  private final int[] tokens;
  private final float[] logprobs;
  private int length;
  private int entered; // of its tokens, those that are in its prompt
  private int until; // tokens that it has when it leaves
  private int slot;
  private GenerationRow source = this;
  private boolean stopped;
  private Generation.End end = Generation.End.LENGTH;

  /**
   * A row that has said nothing.
   *
   * @param startToken what a decoder begins with whose encoder reads the query; none: the query is
   *     what it begins with
   * @param limit length at which its response ends, at least 1
   */
  GenerationRow(int[] query, long queryId, int limit, OptionalInt startToken) {
    this.query = query;
    this.prompt = startToken.isPresent() ? new int[] {startToken.getAsInt()} : query;
    this.queryId = queryId;
    this.tokens = new int[limit];
    this.logprobs = new float[limit];
    this.until = limit;
  }

  /**
   * Lets a row that is in no cache draw as long as it does from so many tokens at most, its query
   * among them. It enters with all that it has said, and belongs to a model without an encoder.
   */
  void drawFrom(int mostTokens) {
    prompt = whole();
    query = prompt;
    entered = length;
    until = (int) Math.min(tokens.length, length + 1L + mostTokens - prompt.length);
  }

  private int[] whole() {
    int[] whole = Arrays.copyOf(prompt, prompt.length + length - entered);
    System.arraycopy(tokens, entered, whole, prompt.length, length - entered);
    return whole;
  }

  int[] query() {
    return query;
  }

  /** What it feeds the decoder first. */
  int[] prompt() {
    return prompt;
  }

  long queryId() {
    return queryId;
  }

  /** Most tokens it can reach until it leaves, its prompt included. */
  int maxTokens() {
    return prompt.length + until - entered;
  }

  /**
   * Takes a slot of the cache.
   *
   * @param from the row, of the same query, whose pass through the model is its own too; perhaps
   *     this one
   */
  void enter(int freeSlot, GenerationRow from) {
    slot = freeSlot;
    source = from;
  }

  int slot() {
    return slot;
  }

  /** The row whose pass through the model this one draws from. */
  GenerationRow source() {
    return source;
  }

  /** From now on it goes through the model itself. */
  void goAlone() {
    source = this;
  }

  /** Whether it has drawn nothing since it entered, or will enter. */
  boolean isEntering() {
    return length == entered;
  }

  /** What it feeds the decoder: its prompt first, then its newest token. */
  int[] nextTokens() {
    return isEntering() ? prompt : new int[] {tokens[length - 1]};
  }

  /** Position of the first of {@link #nextTokens}. */
  int nextPosition() {
    return isEntering() ? 0 : seenTokens() - 1;
  }

  /** Tokens of it that have gone through the model once its next ones have. */
  int seenTokens() {
    return prompt.length + length - entered;
  }

  /** Index within its response of the token that it draws next. */
  int responsePosition() {
    return length;
  }

  /** Most tokens that it draws until it leaves. */
  int remaining() {
    return until - length;
  }

  /** Takes the token that was drawn. */
  void append(int token, float logprob, StopRule stop) {
    tokens[length] = token;
    logprobs[length] = logprob;
    length++;
    if (stop.ends(token)) {
      end =
          stop.endOfText().contains(token) ? Generation.End.END_OF_TEXT : Generation.End.STOP_TOKEN;
      stopped = true;
    }
  }

  /** Whether it leaves, for good or to enter once more. */
  boolean ended() {
    return stopped || length == until;
  }

  /** Whether its response is complete. */
  boolean isComplete() {
    return stopped || length == tokens.length;
  }

  Generation generation() {
    return new Generation(Arrays.copyOf(tokens, length), Arrays.copyOf(logprobs, length), end);
  }
}
