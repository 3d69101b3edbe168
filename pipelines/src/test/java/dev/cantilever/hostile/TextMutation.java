package dev.cantilever.hostile;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Damages files of text. JSON mostly stays JSON, of which a part is something else: a parser would
 * catch anything else, and what reads the parsed values would never be reached.
 */
final class TextMutation {

  private static final int MOST = 4;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final JsonMapper JSON = new JsonMapper();

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "\u0000",
          "\n",
          "a",
          "\u2581",
          "##",
          "\u0120",
          "<0x0A>",
          "<0xZZ>",
          "[UNK]",
          "</s>",
          "$A",
          "(",
          "(a+)+$",
          "(?=",
          "[^\\s]",
          "\\p{L}+",
          "\\",
          "../../etc/passwd",
          "\u00e9\u4e16\ud83d\ude00",
          "e\u0301",
          "BPE",
          "Unigram",
          "WordPiece",
          "WordLevel",
          "Sequence",
          "Precompiled",
          "ByteLevel",
          "Metaspace",
          "Replace",
          "Split",
          "TemplateProcessing",
          "AAAAAA==",
          "{{ messages }}",
          "{% for a in messages %}",
          "{% endfor %}",
          "{{ 'x' * 100000000 }}",
          "{% for i in range(1000000000) %}x{% endfor %}",
          "{{ messages.__class__ }}",
          "{% include 'a' %}",
          "x".repeat(3000));

  private static final List<String> NUMBERS =
      List.of(
          "0",
          "1",
          "-1",
          "7",
          "255",
          "256",
          "65536",
          "1000000",
          "2147483647",
          "2147483648",
          "4294967295",
          "4294967296",
          "9223372036854775807",
          "18446744073709551615",
          "99999999999999999999999",
          "0.5",
          "-0.0",
          "1e308",
          "-1e308",
          "1e-320");

  private TextMutation() {}

  /** A damaged copy. */
  static byte[] of(byte[] seed, SplittableRandom random) {
    int count = random.nextBoolean() ? 1 : 1 + random.nextInt(MOST);
    JsonNode json = parsed(seed);
    if (json.isContainerNode() && random.nextInt(8) > 0) {
      JsonNode damaged = json.deepCopy();
      for (int i = 0; i < count && damaged.isContainerNode(); i++) {
        damage((ContainerNode<?>) damaged, random);
      }
      return damaged.toString().getBytes(StandardCharsets.UTF_8);
    }
    byte[] damaged = seed;
    for (int i = 0; i < count && damaged.length > 0; i++) {
      damaged = damage(damaged, random);
    }
    return damaged;
  }

  private static JsonNode parsed(byte[] seed) {
    try {
      return JSON.readTree(
          new String(seed, StandardCharsets.ISO_8859_1).startsWith("{\"") ? seed : new byte[0]);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a seed that is no JSON", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of all containers one at random, and in it one child. */
  private static void damage(ContainerNode<?> root, SplittableRandom random) {
    List<ContainerNode<?>> containers = new ArrayList<>();
    collect(root, containers);
    ContainerNode<?> at = containers.get(random.nextInt(containers.size()));
    JsonNode other = containers.get(random.nextInt(containers.size())).deepCopy();
    if (at instanceof ObjectNode object) {
      damage(object, other, random);
    } else if (at instanceof ArrayNode array) {
      damage(array, other, random);
    }
  }

  private static void collect(JsonNode node, List<ContainerNode<?>> containers) {
    if (node instanceof ContainerNode<?> container) {
      containers.add(container);
      node.forEach(child -> collect(child, containers));
    }
  }

  private static void damage(ObjectNode object, JsonNode other, SplittableRandom random) {
    List<String> keys = new ArrayList<>();
    object.fieldNames().forEachRemaining(keys::add);
    if (keys.isEmpty()) {
      object.set(text(random), value(other, random));
      return;
    }
    String key = keys.get(random.nextInt(keys.size()));
    switch (random.nextInt(6)) {
      case 0 -> object.remove(key);
      case 1 -> object.set(text(random), object.remove(key));
      case 2 -> object.set(key, object.get(keys.get(random.nextInt(keys.size()))));
      default -> object.set(key, changed(object.get(key), other, random));
    }
  }

  private static void damage(ArrayNode array, JsonNode other, SplittableRandom random) {
    if (array.isEmpty()) {
      array.add(value(other, random));
      return;
    }
    int at = random.nextInt(array.size());
    switch (random.nextInt(7)) {
      case 0 -> array.remove(at);
      case 1 -> array.insert(random.nextInt(array.size() + 1), array.get(at).deepCopy());
      case 2 -> array.set(at, array.get(random.nextInt(array.size())).deepCopy());
      case 3 -> {
        while (array.size() > at) {
          array.remove(at);
        }
      }
      default -> array.set(at, changed(array.get(at), other, random));
    }
  }

  /** Another value, often of the same kind. */
  private static JsonNode changed(JsonNode was, JsonNode other, SplittableRandom random) {
    if (random.nextInt(3) == 0) {
      return value(other, random);
    }
    if (was.isNumber()) {
      return number(random);
    }
    if (was.isBoolean()) {
      return NODES.booleanNode(!was.booleanValue());
    }
    if (was.isTextual()) {
      String text = was.textValue();
      int at = random.nextInt(text.length() + 1);
      return switch (random.nextInt(3)) {
        case 0 -> NODES.textNode(text(random));
        case 1 -> NODES.textNode(text.substring(0, at) + text(random) + text.substring(at));
        default -> NODES.textNode(text.substring(at));
      };
    }
    return value(other, random);
  }

  private static JsonNode value(JsonNode other, SplittableRandom random) {
    return switch (random.nextInt(8)) {
      case 0 -> NODES.nullNode();
      case 1 -> NODES.booleanNode(random.nextBoolean());
      case 2 -> NODES.textNode(text(random));
      case 3 -> NODES.arrayNode();
      case 4 -> NODES.objectNode();
      case 5 -> other;
      default -> number(random);
    };
  }

  private static JsonNode number(SplittableRandom random) {
    try {
      return JSON.readTree(NUMBERS.get(random.nextInt(NUMBERS.size())));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String text(SplittableRandom random) {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }

  private static byte[] damage(byte[] bytes, SplittableRandom random) {
    int at = random.nextInt(bytes.length);
    int end = at + random.nextInt(Math.min(40, bytes.length - at) + 1);
    return switch (random.nextInt(6)) {
      case 0 -> joined(bytes, at, new byte[] {(byte) random.nextInt(256)}, at + 1);
      case 1 -> joined(bytes, at, text(random).getBytes(StandardCharsets.UTF_8), end);
      case 2 -> joined(bytes, at, text(random).getBytes(StandardCharsets.UTF_8), at);
      case 3 -> joined(bytes, at, new byte[0], end);
      case 4 -> joined(bytes, end, Arrays.copyOfRange(bytes, at, end), end);
      default -> Arrays.copyOf(bytes, at);
    };
  }

  private static byte[] joined(byte[] bytes, int to, byte[] inserted, int from) {
    byte[] all = Arrays.copyOf(bytes, to + inserted.length + bytes.length - from);
    System.arraycopy(inserted, 0, all, to, inserted.length);
    System.arraycopy(bytes, from, all, to + inserted.length, bytes.length - from);
    return all;
  }
}
