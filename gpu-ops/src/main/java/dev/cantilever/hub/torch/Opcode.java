package dev.cantilever.hub.torch;

import java.util.Optional;

/** The pickle opcodes (CPython's {@code pickletools}) of which a model's state dict is made. */
enum Opcode {
  PROTO(0x80),
  STOP('.'),
  MARK('('),
  GLOBAL('c'),
  REDUCE('R'),
  BUILD('b'),
  BINPERSID('Q'),
  BINPUT('q'),
  LONG_BINPUT('r'),
  BINGET('h'),
  LONG_BINGET('j'),
  EMPTY_DICT('}'),
  SETITEM('s'),
  SETITEMS('u'),
  EMPTY_LIST(']'),
  APPEND('a'),
  APPENDS('e'),
  EMPTY_TUPLE(')'),
  TUPLE('t'),
  TUPLE1(0x85),
  TUPLE2(0x86),
  TUPLE3(0x87),
  NONE('N'),
  NEWTRUE(0x88),
  NEWFALSE(0x89),
  BININT('J'),
  BININT1('K'),
  BININT2('M'),
  LONG1(0x8a),
  BINFLOAT('G'),
  BINUNICODE('X');

  private final int code;

  Opcode(int code) {
    this.code = code;
  }

  static Optional<Opcode> of(int code) {
    for (Opcode opcode : values()) {
      if (opcode.code == code) {
        return Optional.of(opcode);
      }
    }
    return Optional.empty();
  }
}
