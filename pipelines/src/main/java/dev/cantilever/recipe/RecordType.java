package dev.cantilever.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A group of keys: a record, whose components are the keys in their order. */
final class RecordType implements ValueType {
  private final Class<? extends Record> type;
  private final Map<String, Key> keys;
  private final Constructor<? extends Record> constructor;

  private record Key(ValueType type, Method accessor) {}

  private RecordType(
      Class<? extends Record> type,
      Map<String, Key> keys,
      Constructor<? extends Record> constructor) {
    this.type = type;
    this.keys = keys;
    this.constructor = constructor;
  }

  static RecordType of(Class<? extends Record> type) {
    Map<String, Key> keys = new LinkedHashMap<>();
    List<Class<?>> parameters = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Method accessor = component.getAccessor();
      accessor.setAccessible(true); // a spec may be package-private in its stage
      ValueType valueType = ValueType.of(component.getGenericType());
      keys.put(snakeCase(component.getName()), new Key(valueType, accessor));
      parameters.add(component.getType());
    }
    try {
      Constructor<? extends Record> constructor =
          type.getDeclaredConstructor(parameters.toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return new RecordType(type, keys, constructor);
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(type + " has no canonical constructor", e);
    }
  }

  /** {@code initCoef} is {@code init_coef}, {@code int8Mode} is {@code int8_mode}. */
  static String snakeCase(String name) {
    StringBuilder key = new StringBuilder();
    for (char c : name.toCharArray()) {
      if (Character.isUpperCase(c)) {
        key.append('_');
      }
      key.append(Character.toLowerCase(c));
    }
    return key.toString();
  }

  /** The names of the keys, in order. */
  Set<String> names() {
    return keys.keySet();
  }

  /** The type of a key, if there is such a key. */
  Optional<ValueType> type(String name) {
    return Optional.ofNullable(keys.get(name)).map(Key::type);
  }

  /** The values a group starts from when it was absent: its type's own defaults, or none. */
  ObjectNode startingValues() {
    try {
      Method defaults = type.getDeclaredMethod("defaults");
      defaults.setAccessible(true);
      return (ObjectNode) encode(invoke(defaults, null));
    } catch (NoSuchMethodException e) {
      return JsonNodeFactory.instance.objectNode(); // then decode asks for every key
    }
  }

  @Override
  public String expected() {
    return "a group of keys: " + String.join(", ", keys.keySet());
  }

  @Override
  public Object decode(JsonNode node) {
    if (!node.isObject()) {
      throw MismatchException.of(expected(), node);
    }
    node.fieldNames()
        .forEachRemaining(
            key -> {
              if (!keys.containsKey(key)) {
                throw new MismatchException(UnknownKey.message(key, keys.keySet()));
              }
            });
    List<Object> arguments = new ArrayList<>();
    keys.forEach(
        (name, key) -> {
          JsonNode value = node.get(name);
          if (value == null) {
            throw new MismatchException(
                "expected the key "
                    + name
                    + ", which has no default; add it, "
                    + key.type().expected());
          }
          arguments.add(decodeKey(name, key.type(), value));
        });
    try {
      return constructor.newInstance(arguments.toArray());
    } catch (InvocationTargetException e) {
      Throwable refused = e.getTargetException();
      if (isRefusal(refused)) {
        MismatchException mismatch = new MismatchException(String.valueOf(refused.getMessage()));
        mismatch.initCause(refused);
        throw mismatch;
      }
      throw new IllegalStateException(type + " failed while checking its values", refused);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot construct " + type, e);
    }
  }

  /* A spec says that values do not fit with the JDK's exception or with one of its module. */
  private static boolean isRefusal(Throwable thrown) {
    return thrown instanceof IllegalArgumentException
        || (thrown instanceof RuntimeException
            && thrown.getClass().getName().startsWith("dev.cantilever."));
  }

  private static Object decodeKey(String key, ValueType valueType, JsonNode node) {
    try {
      return valueType.decode(node);
    } catch (MismatchException e) {
      MismatchException located = new MismatchException(key + ": " + e.getMessage());
      located.initCause(e);
      throw located;
    }
  }

  @Override
  public Object parse(String text) {
    throw new MismatchException(
        "is a group; set one of its keys: " + String.join(", ", keys.keySet()));
  }

  @Override
  public JsonNode encode(Object value) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    keys.forEach((name, key) -> object.set(name, key.type().encode(invoke(key.accessor(), value))));
    return object;
  }

  @Override
  public Optional<RecordType> record() {
    return Optional.of(this);
  }

  private static Object invoke(Method method, @Nullable Object target) {
    try {
      return method.invoke(target);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot call " + method, e);
    }
  }
}
