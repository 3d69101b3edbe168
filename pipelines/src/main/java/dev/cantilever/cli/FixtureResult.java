package dev.cantilever.cli;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** What was measured against one fixture: for people a line, for programs an object. */
final class FixtureResult {
  private final String name;
  private final JsonResult json = new JsonResult();
  private final StringBuilder text = new StringBuilder();
  private Optional<Failure> failure = Optional.empty();
  private boolean pass;

  FixtureResult(String name) {
    this.name = name;
  }

  FixtureResult put(String key, double value) {
    json.put(key, value);
    return say(key, String.format(Locale.ROOT, "%.2g", value));
  }

  FixtureResult put(String key, OptionalDouble value) {
    return value.isPresent() ? put(key, value.getAsDouble()) : putNull(key);
  }

  FixtureResult put(String key, long value) {
    json.put(key, value);
    return say(key, Long.toString(value));
  }

  FixtureResult put(String key, Optional<Boolean> value) {
    if (value.isEmpty()) {
      return putNull(key);
    }
    json.put(key, value.get());
    return say(key, value.get().toString());
  }

  /** The quantity exists, and there was nothing to measure. */
  FixtureResult putNull(String key) {
    json.putNull(key);
    return this;
  }

  /** Ends what was measured: whether all of it is within its tolerance. */
  FixtureResult passed(boolean whether) {
    pass = whether;
    json.put("pass", whether);
    return this;
  }

  /** Ends a fixture that could not be run. */
  FixtureResult failed(Failure why) {
    failure = Optional.of(why);
    json.put("error", why.message());
    text.append("  ").append(why.message());
    return passed(false);
  }

  String name() {
    return name;
  }

  boolean pass() {
    return pass;
  }

  /** Why it could not be run, if it could not. */
  Optional<Failure> failure() {
    return failure;
  }

  JsonResult json() {
    return json;
  }

  /** Everything on one line. */
  @Override
  public String toString() {
    return name + "  " + (pass ? "pass" : "FAIL") + text;
  }

  private FixtureResult say(String key, String value) {
    text.append("  ").append(key).append(' ').append(value);
    return this;
  }
}
