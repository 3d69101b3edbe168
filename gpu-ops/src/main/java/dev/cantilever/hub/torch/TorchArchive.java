package dev.cantilever.hub.torch;

import dev.cantilever.hub.torch.PickleValue.Dict;
import dev.cantilever.hub.torch.PickleValue.Storage;
import dev.cantilever.hub.torch.PickleValue.View;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/** The state dict of a model as {@code torch.save} writes it since PyTorch 1.6. */
public final class TorchArchive {

  private static final int MAX_NAME = 1024;
  private static final String PICKLE = "/data.pkl";
  private static final String SAVE_AGAIN =
      "Load it and save it again with save_pretrained, or fetch the safetensors of the model.";

  /** How the format before began: its magic number as a pickle. */
  private static final byte[] OLD_START = {
    (byte) 0x80, 2, (byte) 0x8a, 10, 0x6c, (byte) 0xfc, (byte) 0x9c, 0x46, (byte) 0xf9, 0x20, 0x6a
  };

  private static final byte[] ZIP_START = {'P', 'K'};

  private final ByteSource source;
  private final Map<String, StoredEntry> entries;
  private final String prefix;

  private TorchArchive(ByteSource source, Map<String, StoredEntry> entries, String prefix) {
    this.source = source;
    this.entries = entries;
    this.prefix = prefix;
  }

  /**
   * The tensors of an archive, in the order of its state dict; no weight is read.
   *
   * @throws TorchFormatException if it is none, is damaged, or asks for what is not done
   */
  public static List<TorchTensor> tensors(ByteSource source) throws IOException {
    byte[] start = new byte[(int) Math.min(OLD_START.length, source.size())];
    source.read(0, ByteBuffer.wrap(start));
    if (Arrays.equals(start, OLD_START)) {
      throw TorchFormatException.refused(
          "a zip container as PyTorch 1.6 and later write it",
          "the format of PyTorch before 1.6",
          SAVE_AGAIN);
    }
    if (start.length < 2 || !Arrays.equals(start, 0, 2, ZIP_START, 0, 2)) {
      throw TorchFormatException.damaged(
          "a zip container as PyTorch 1.6 and later write it", "another file");
    }
    Map<String, StoredEntry> entries = ZipDirectory.read(source);
    List<String> pickles = entries.keySet().stream().filter(n -> n.endsWith(PICKLE)).toList();
    if (pickles.size() != 1) {
      throw TorchFormatException.damaged(
          "one zip entry <name>/data.pkl", String.valueOf(pickles.size()));
    }
    String prefix = pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
    return new TorchArchive(source, entries, prefix).tensors();
  }

  private List<TorchTensor> tensors() throws IOException {
    StoredEntry order = entries.get(prefix + "/byteorder");
    if (order != null
        && !Arrays.equals(bytes(order, 16), new byte[] {'l', 'i', 't', 't', 'l', 'e'})) {
      throw TorchFormatException.refused("byteorder little", "another", SAVE_AGAIN);
    }
    StoredEntry pickle = entries.get(prefix + PICKLE);
    if (pickle == null
        || !(PickleMachine.run(bytes(pickle, PickleMachine.MAX_BYTES)) instanceof Dict state)) {
      throw TorchFormatException.refused(
          "a dict from names to tensors", "something else", SAVE_AGAIN);
    }
    List<TorchTensor> tensors = new ArrayList<>();
    for (Map.Entry<String, PickleValue> item : state.items().entrySet()) {
      String name = item.getKey();
      if (name.isEmpty() || name.length() > MAX_NAME) {
        throw TorchFormatException.damaged(
            "tensor names of 1 to %d characters".formatted(MAX_NAME), "one of " + name.length());
      }
      if (!(item.getValue() instanceof View view)) {
        throw TorchFormatException.refused(
            "only tensors in the state dict",
            "a %s under '%s'".formatted(item.getValue().kind(), name),
            SAVE_AGAIN);
      }
      tensors.add(tensor(name, view));
    }
    return tensors;
  }

  private TorchTensor tensor(String name, View view) {
    Storage storage = view.storage();
    StoredEntry entry = entries.get(prefix + "/data/" + storage.key());
    if (entry == null) {
      throw TorchFormatException.damaged(
          "a zip entry data/%s for tensor '%s'".formatted(storage.key(), name), "none");
    }
    if (storage.elements() > entry.bytes() / storage.type().bytes()
        || storage.elements() * storage.type().bytes() != entry.bytes()) {
      throw TorchFormatException.damaged(
          "zip entry '%s' to hold %d elements of %s"
              .formatted(entry.name(), storage.elements(), storage.type()),
          entry.bytes() + " bytes");
    }
    long size = view.type().bytes();
    Shape shape = shape(name, view, entry.bytes() / size);
    return new TorchTensor(
        name,
        view.type(),
        shape,
        view.strides(),
        entry.position() + view.offset() * size,
        entry.position(),
        entry.bytes() / size * size);
  }

  /** The shape of a view, once it is known to lie inside its storage. */
  private static Shape shape(String name, View view, long elements) {
    List<Long> sizes = view.sizes();
    List<Long> strides = view.strides();
    String found = "offset %d, shape %s, strides %s".formatted(view.offset(), sizes, strides);
    boolean inside =
        sizes.size() == strides.size()
            && sizes.stream().allMatch(dim -> dim >= 0)
            && view.offset() >= 0
            && view.offset() <= elements
            && strides.stream().allMatch(stride -> stride >= 0);
    if (!inside) {
      throw outside(name, elements, found);
    }
    try {
      long count = 1;
      long last = view.offset();
      for (int axis = 0; axis < sizes.size(); axis++) {
        long steps = Math.max(0, sizes.get(axis) - 1);
        last = Math.addExact(last, Math.multiplyExact(steps, strides.get(axis)));
        count = Math.multiplyExact(count, sizes.get(axis));
      }
      if (count > 0 && last >= elements || count > elements) {
        throw outside(name, elements, found);
      }
      return new Shape(sizes);
    } catch (ArithmeticException e) {
      throw outside(name, elements, found);
    }
  }

  private static TorchFormatException outside(String name, long elements, String found) {
    return TorchFormatException.damaged(
        "tensor '%s' to lie inside its storage of %d elements, no element twice"
            .formatted(name, elements),
        found);
  }

  /** A whole small entry, its checksum checked. */
  private byte[] bytes(StoredEntry entry, int most) throws IOException {
    if (entry.bytes() > most) {
      throw TorchFormatException.damaged(
          "zip entry '%s' of at most %d bytes".formatted(entry.name(), most),
          String.valueOf(entry.bytes()));
    }
    byte[] bytes = new byte[(int) entry.bytes()];
    source.read(entry.position(), ByteBuffer.wrap(bytes));
    CRC32 crc = new CRC32();
    crc.update(bytes);
    if ((int) crc.getValue() != entry.crc32()) {
      throw TorchFormatException.damaged(
          "zip entry '%s' to have the checksum of the directory".formatted(entry.name()),
          "another");
    }
    return bytes;
  }
}
