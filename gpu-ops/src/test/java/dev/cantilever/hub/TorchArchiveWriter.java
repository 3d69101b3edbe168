package dev.cantilever.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes tensors as {@code torch.save} does, with a storage a tensor, or one for several names. */
public final class TorchArchiveWriter {

  private static final Map<String, String> STORAGES =
      Map.of(
          "F32", "FloatStorage",
          "F16", "HalfStorage",
          "BF16", "BFloat16Storage",
          "I64", "LongStorage",
          "I8", "CharStorage",
          "U8", "ByteStorage",
          "BOOL", "BoolStorage");

  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  private final Map<String, byte[]> storages = new LinkedHashMap<>();
  private final Map<String, String> keys = new LinkedHashMap<>();

  /** Begins an archive. */
  public TorchArchiveWriter() {
    bytes(0x80, 2, '}', '(');
  }

  /** Writes a model directory whose weights are those of another, in one file or several. */
  public static void convert(Path from, Path to, int files, Map<String, String> tied)
      throws IOException {
    Files.createDirectories(to);
    try (ModelDirectory source = ModelDirectory.open(from)) {
      List<String> names = new ArrayList<>(source.names());
      Map<String, String> index = new LinkedHashMap<>();
      for (int file = 0; file < files; file++) {
        TorchArchiveWriter writer = new TorchArchiveWriter();
        String shard =
            files == 1
                ? "pytorch_model.bin"
                : "pytorch_model-%05d-of-%05d.bin".formatted(file + 1, files);
        for (int i = file; i < names.size(); i += files) {
          String name = names.get(i);
          writer.tensor(source.entry(name), source.file(name).readBytes(name));
          index.put(name, shard);
          if (tied.containsKey(name)) {
            writer.alias(tied.get(name), source.entry(name));
            index.put(tied.get(name), shard);
          }
        }
        writer.write(to.resolve(shard));
      }
      if (files > 1) {
        var json = JsonFile.object();
        json.putObject("metadata").put("total_size", source.bytes());
        var map = json.putObject("weight_map");
        index.forEach(map::put);
        JsonFile.write(to.resolve("pytorch_model.bin.index.json"), json);
      }
      Files.copy(from.resolve(ModelConfig.FILE), to.resolve(ModelConfig.FILE));
    }
  }

  /** Adds a tensor with a storage of its own. */
  public void tensor(TensorEntry entry, byte[] bytes) {
    String key = String.valueOf(storages.size());
    storages.put(key, bytes);
    keys.put(entry.name(), key);
    view(entry.name(), entry, key);
  }

  /** Adds a second name of a tensor. */
  public void alias(String name, TensorEntry of) {
    view(name, of, keys.getOrDefault(of.name(), ""));
  }

  private void view(String name, TensorEntry entry, String key) {
    text(name);
    global("torch._utils", "_rebuild_tensor_v2");
    bytes('(', '(');
    text("storage");
    global("torch", STORAGES.getOrDefault(entry.dtype().name(), ""));
    text(key);
    text("cpu");
    number(entry.shape().elements());
    bytes('t', 'Q');
    number(0);
    bytes('(');
    entry.shape().dims().forEach(this::number);
    bytes('t', '(');
    long stride = entry.shape().elements();
    for (long dim : entry.shape().dims()) {
      stride /= Math.max(1, dim);
      number(stride);
    }
    bytes('t', 0x89);
    global("collections", "OrderedDict");
    bytes(')', 'R', 't', 'R');
  }

  /** The archive's bytes. */
  public byte[] toBytes() throws IOException {
    ByteArrayOutputStream to = new ByteArrayOutputStream();
    write(to);
    return to.toByteArray();
  }

  /** Writes the archive to a file. */
  public void write(Path file) throws IOException {
    try (OutputStream to = Files.newOutputStream(file)) {
      write(to);
    }
  }

  private void write(OutputStream to) throws IOException {
    bytes('u', '.');
    try (ZipOutputStream zip = new ZipOutputStream(to)) {
      stored(zip, "archive/data.pkl", pickle.toByteArray());
      stored(zip, "archive/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
      for (Map.Entry<String, byte[]> storage : storages.entrySet()) {
        stored(zip, "archive/data/" + storage.getKey(), storage.getValue());
      }
      stored(zip, "archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static void stored(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    CRC32 crc = new CRC32();
    crc.update(bytes);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  private void bytes(int... bytes) {
    for (int value : bytes) {
      pickle.write(value);
    }
  }

  private void text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    bytes('X');
    little(utf8.length);
    pickle.writeBytes(utf8);
  }

  private void global(String module, String name) {
    bytes('c');
    pickle.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  private void number(long value) {
    bytes('J');
    little(Math.toIntExact(value));
  }

  private void little(int value) {
    pickle.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }
}
