package dev.cantilever.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.cantilever.text.DatasetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages in their order, each with a role, mostly a content, and whatever else a template reads.
 */
public final class Conversation {

  private static final JsonMapper JSON = new JsonMapper();
  private static final String ROLE = "role";
  private static final String CONTENT = "content";
  private static final TypeReference<LinkedHashMap<String, Object>> OBJECT =
      new TypeReference<>() {};

  private final List<Map<String, Object>> messages;

  private Conversation(List<Map<String, Object>> messages) {
    this.messages = List.copyOf(messages);
  }

  /**
   * One message of the user's.
   *
   * @param content its text
   * @return the conversation
   */
  public static Conversation ofUser(String content) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put(ROLE, "user");
    message.put(CONTENT, content);
    return new Conversation(List.of(message));
  }

  /**
   * A conversation from JSON: a list of messages, or an object that has one under {@code messages}.
   *
   * @param json the text
   * @param where what a message of an error names
   * @return the conversation
   * @throws DatasetException if it is neither, or a message has no role
   */
  public static Conversation parse(String json, String where) {
    try {
      JsonNode node = JSON.readTree(json);
      return of(node.isObject() && node.has("messages") ? node.get("messages") : node, where);
    } catch (JsonProcessingException e) {
      throw wrong(where, "an error: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * A conversation from a list of messages.
   *
   * @param list the JSON list
   * @param where what a message of an error names
   * @return the conversation
   * @throws DatasetException if it is no such list
   */
  public static Conversation of(JsonNode list, String where) {
    if (!list.isArray() || list.isEmpty()) {
      throw wrong(where, list.isArray() ? "an empty list" : "other JSON");
    }
    List<Map<String, Object>> messages = new ArrayList<>();
    for (JsonNode message : list) {
      if (!message.isObject() || !message.path(ROLE).isTextual()) {
        throw wrong(where, "a message without a role: " + message);
      }
      messages.add(JSON.convertValue(message, OBJECT));
    }
    return new Conversation(messages);
  }

  /**
   * Whether the last message is the assistant's.
   *
   * @return whether nothing is left to answer
   */
  public boolean isAnswered() {
    return "assistant".equals(messages.get(messages.size() - 1).get(ROLE));
  }

  /**
   * What was there before the last message.
   *
   * @return the conversation without it
   * @throws IllegalStateException if there is no other message
   */
  public Conversation withoutLast() {
    if (messages.size() < 2) {
      throw new IllegalStateException("Expected two messages or more, found one.");
    }
    return new Conversation(messages.subList(0, messages.size() - 1));
  }

  /** The messages as a template sees them. */
  List<Map<String, Object>> messages() {
    return messages;
  }

  private static DatasetException wrong(String where, String found) {
    return new DatasetException(where, EXPECTED, found, REMEDY);
  }

  private static DatasetException wrong(String where, String found, Throwable cause) {
    return new DatasetException(where, EXPECTED, found, REMEDY, cause);
  }

  private static final String EXPECTED =
      "a JSON list of messages, each an object with role and content";
  private static final String REMEDY = "Write it as [{\"role\": \"user\", \"content\": \"...\"}]";
}
