package dev.cantilever.hub.torch;

import dev.cantilever.hub.torch.PickleValue.Bool;
import dev.cantilever.hub.torch.PickleValue.Dict;
import dev.cantilever.hub.torch.PickleValue.Global;
import dev.cantilever.hub.torch.PickleValue.Mark;
import dev.cantilever.hub.torch.PickleValue.None;
import dev.cantilever.hub.torch.PickleValue.Real;
import dev.cantilever.hub.torch.PickleValue.Sequence;
import dev.cantilever.hub.torch.PickleValue.Text;
import dev.cantilever.hub.torch.PickleValue.Tuple;
import dev.cantilever.hub.torch.PickleValue.Whole;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a pickle of protocol 2 (PEP 307; opcodes as in CPython's {@code pickletools}) over a stack
 * of our own values. Nothing is imported and nothing is called: of what a name would make, {@link
 * Rebuilding} knows the few that a state dict has.
 */
final class PickleMachine {

  /** Caps of ours; a tensor takes about 250 bytes and 20 values, the stack some 2,000 at most. */
  static final int MAX_BYTES = 16 << 20;

  private static final int MAX_VALUES = 2_000_000;
  private static final int MAX_DEPTH = 100_000;
  private static final int MAX_TEXT_BYTES = 4096;

  private static final String UNTRUSTED =
      "A pickle can run code, so this one is not read further: do not use the file, or where you"
          + " trust it, convert it to safetensors with the tool that made it.";

  private static final Mark MARK = new Mark();
  private static final None NONE = new None();
  private static final Tuple EMPTY = new Tuple(List.of());

  private final ByteBuffer pickle;
  private final List<PickleValue> stack = new ArrayList<>();
  private final List<PickleValue> memo = new ArrayList<>();
  private int values;

  private PickleMachine(byte[] pickle) {
    this.pickle = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Runs a pickle to its end.
   *
   * @param pickle at most {@link #MAX_BYTES}
   * @return the one value that it leaves
   * @throws TorchFormatException naming an opcode or a name that is not allowed, or what is wrong
   */
  static PickleValue run(byte[] pickle) {
    PickleMachine machine = new PickleMachine(pickle);
    try {
      return machine.run();
    } catch (BufferUnderflowException e) {
      throw TorchFormatException.damaged("a whole pickle", "its end at byte " + pickle.length);
    }
  }

  private PickleValue run() {
    while (true) {
      int at = pickle.position();
      int code = Byte.toUnsignedInt(pickle.get());
      Opcode opcode =
          Opcode.of(code)
              .orElseThrow(
                  () ->
                      TorchFormatException.refused(
                          "only pickle opcodes of a state dict in protocol 2",
                          "opcode 0x%02x at byte %d".formatted(code, at),
                          UNTRUSTED));
      if (opcode == Opcode.STOP) {
        PickleValue result = pop();
        if (!stack.isEmpty() || pickle.hasRemaining()) {
          throw TorchFormatException.damaged("one value in the pickle", "more");
        }
        return result;
      }
      step(opcode);
    }
  }

  private void step(Opcode opcode) {
    switch (opcode) {
      case PROTO -> protocol(pickle.get());
      case MARK -> push(MARK);
      case GLOBAL -> push(new Global(global(line() + "." + line())));
      case REDUCE -> {
        Tuple arguments = pop(Tuple.class);
        push(Rebuilding.call(pop(Global.class).name(), arguments.items()));
      }
      case BUILD -> {
        pop(Dict.class); // the attributes of a state dict: versions of its modules
        top(Dict.class);
      }
      case BINPERSID -> push(Rebuilding.storage(pop(Tuple.class).items()));
      case BINPUT -> memorise(Byte.toUnsignedInt(pickle.get()));
      case LONG_BINPUT -> memorise(Integer.toUnsignedLong(pickle.getInt()));
      case BINGET -> push(recall(Byte.toUnsignedInt(pickle.get())));
      case LONG_BINGET -> push(recall(Integer.toUnsignedLong(pickle.getInt())));
      case EMPTY_DICT -> push(new Dict());
      case SETITEM -> {
        PickleValue value = pop();
        String key = pop(Text.class).value();
        put(top(Dict.class), key, value);
      }
      case SETITEMS -> putAll(popToMark());
      case EMPTY_LIST -> push(new Sequence());
      case APPEND -> {
        pop();
        top(Sequence.class);
      }
      case APPENDS -> {
        popToMark();
        top(Sequence.class);
      }
      case EMPTY_TUPLE -> push(EMPTY);
      case TUPLE -> push(new Tuple(popToMark()));
      case TUPLE1 -> push(new Tuple(pop(1)));
      case TUPLE2 -> push(new Tuple(pop(2)));
      case TUPLE3 -> push(new Tuple(pop(3)));
      case NONE -> push(NONE);
      case NEWTRUE -> push(new Bool(true));
      case NEWFALSE -> push(new Bool(false));
      case BININT -> push(new Whole(pickle.getInt()));
      case BININT1 -> push(new Whole(Byte.toUnsignedInt(pickle.get())));
      case BININT2 -> push(new Whole(Short.toUnsignedInt(pickle.getShort())));
      case LONG1 -> push(new Whole(whole(Byte.toUnsignedInt(pickle.get()))));
      case BINFLOAT -> {
        pickle.getDouble();
        push(new Real());
      }
      case BINUNICODE -> push(new Text(text(Integer.toUnsignedLong(pickle.getInt()))));
      case STOP -> throw new IllegalStateException("Expected STOP to end the run. Report this.");
    }
  }

  private static void protocol(byte version) {
    if (version != 2) {
      throw TorchFormatException.refused(
          "pickle protocol 2, torch.save's default",
          "protocol " + version,
          "Save the model with torch.save or save_pretrained.");
    }
  }

  private static KnownGlobal global(String path) {
    return KnownGlobal.of(path)
        .orElseThrow(
            () ->
                TorchFormatException.refused(
                    "only names that rebuild tensors (%s)".formatted(KnownGlobal.paths()),
                    "the global '" + path + "'",
                    UNTRUSTED));
  }

  private void push(PickleValue value) {
    if (++values > MAX_VALUES || stack.size() == MAX_DEPTH) {
      throw TorchFormatException.damaged(
          "at most %d values in the pickle, %d at once".formatted(MAX_VALUES, MAX_DEPTH), "more");
    }
    stack.add(value);
  }

  private PickleValue pop() {
    if (stack.isEmpty()) {
      throw TorchFormatException.damaged("a value on the pickle's stack", "none");
    }
    PickleValue value = stack.remove(stack.size() - 1);
    if (value instanceof Mark) {
      throw unexpected("a value", value);
    }
    return value;
  }

  private <T extends PickleValue> T pop(Class<T> type) {
    return cast(type, pop());
  }

  private <T extends PickleValue> T top(Class<T> type) {
    T value = pop(type);
    stack.add(value);
    return value;
  }

  private static <T extends PickleValue> T cast(Class<T> type, PickleValue value) {
    if (!type.isInstance(value)) {
      throw unexpected(type.getSimpleName(), value);
    }
    return type.cast(value);
  }

  private static TorchFormatException unexpected(String expected, PickleValue value) {
    return TorchFormatException.damaged(
        "a %s on the pickle's stack".formatted(expected), "a " + value.kind());
  }

  private List<PickleValue> pop(int count) {
    List<PickleValue> items = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      items.add(0, pop());
    }
    return items;
  }

  private List<PickleValue> popToMark() {
    int mark = stack.size() - 1;
    while (mark >= 0 && !(stack.get(mark) instanceof Mark)) {
      mark--;
    }
    if (mark < 0) {
      throw TorchFormatException.damaged("a mark on the pickle's stack", "none");
    }
    List<PickleValue> above = stack.subList(mark + 1, stack.size());
    List<PickleValue> items = new ArrayList<>(above);
    stack.subList(mark, stack.size()).clear();
    return items;
  }

  private void putAll(List<PickleValue> pairs) {
    if (pairs.size() % 2 != 0) {
      throw TorchFormatException.damaged("keys with values in the pickle", "a key without");
    }
    Dict dict = top(Dict.class);
    for (int i = 0; i < pairs.size(); i += 2) {
      put(dict, cast(Text.class, pairs.get(i)).value(), pairs.get(i + 1));
    }
  }

  private static void put(Dict dict, String key, PickleValue value) {
    if (dict.items().put(key, value) != null) {
      throw TorchFormatException.damaged("each key of a dict once", "'" + key + "' twice");
    }
  }

  /** Pickles number what they remember in order. */
  private void memorise(long index) {
    PickleValue value = top(PickleValue.class);
    if (index > memo.size() || memo.size() == MAX_VALUES) {
      throw TorchFormatException.damaged(
          "a memo index of at most " + memo.size(), String.valueOf(index));
    }
    if (index == memo.size()) {
      memo.add(value);
    } else {
      memo.set((int) index, value);
    }
  }

  private PickleValue recall(long index) {
    if (index >= memo.size()) {
      throw TorchFormatException.damaged(
          "a memo index below " + memo.size(), String.valueOf(index));
    }
    return memo.get((int) index);
  }

  /** A little-endian two's complement number of some bytes. */
  private long whole(int bytes) {
    if (bytes > Long.BYTES) {
      throw TorchFormatException.damaged("whole numbers of at most 8 bytes", bytes + " bytes");
    }
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= Byte.toUnsignedLong(pickle.get()) << 8 * i;
    }
    int unused = Long.SIZE - 8 * bytes;
    return bytes == 0 ? 0 : value << unused >> unused;
  }

  private String text(long bytes) {
    if (bytes > MAX_TEXT_BYTES) {
      throw TorchFormatException.damaged(
          "texts of at most %d bytes in the pickle".formatted(MAX_TEXT_BYTES), bytes + " bytes");
    }
    byte[] utf8 = new byte[(int) bytes];
    pickle.get(utf8);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw TorchFormatException.damaged("texts in UTF-8 in the pickle", "other bytes");
    }
  }

  private String line() {
    StringBuilder line = new StringBuilder();
    for (byte next = pickle.get(); next != '\n'; next = pickle.get()) {
      if (next < ' ' || line.length() == MAX_TEXT_BYTES) {
        throw TorchFormatException.damaged("a name in the pickle", "other bytes");
      }
      line.append((char) next);
    }
    return line.toString();
  }
}
