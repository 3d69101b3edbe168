package dev.cantilever.backend.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** Instructions and constants of a cubin's kernels, without what names its architecture. */
final class MachineCode {

  // A 64-bit ELF: offsets in the header of the file, then in that of a section.
  private static final int SECTIONS = 0x28;
  private static final int SECTION_BYTES = 0x3a;
  private static final int SECTION_COUNT = 0x3c;
  private static final int NAMES_INDEX = 0x3e;
  private static final int OFFSET = 0x18;
  private static final int SIZE = 0x20;

  private final ByteBuffer elf;

  private MachineCode(byte[] cubin) {
    elf = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Bytes in hexadecimal by section: {@code .text.} and a kernel's name, and its constants'. */
  static Map<String, String> of(byte[] cubin) {
    return new MachineCode(cubin).sections();
  }

  private Map<String, String> sections() {
    Map<String, String> found = new TreeMap<>();
    int names = offset(section(elf.getShort(NAMES_INDEX)));
    for (int i = 0; i < elf.getShort(SECTION_COUNT); i++) {
      int section = section(i);
      String name = text(names + elf.getInt(section));
      if (name.startsWith(".text.") || name.startsWith(".nv.constant")) {
        int size = (int) elf.getLong(section + SIZE);
        found.put(
            name, HexFormat.of().formatHex(elf.array(), offset(section), offset(section) + size));
      }
    }
    return found;
  }

  private int section(int index) {
    return (int) elf.getLong(SECTIONS) + index * elf.getShort(SECTION_BYTES);
  }

  private int offset(int section) {
    return (int) elf.getLong(section + OFFSET);
  }

  private String text(int start) {
    int end = start;
    while (elf.get(end) != 0) {
      end++;
    }
    return new String(elf.array(), start, end - start, StandardCharsets.US_ASCII);
  }
}
