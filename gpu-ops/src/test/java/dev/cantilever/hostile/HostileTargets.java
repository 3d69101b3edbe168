package dev.cantilever.hostile;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointConversion;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorFile;
import dev.cantilever.hub.TorchArchiveWriter;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.WeightBytes;
import dev.cantilever.model.WeightSource;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Every kind of file that {@code hub} reads, small ones of each, in a folder of their own. */
final class HostileTargets {

  private static final String CONFIG = "config.json";
  private static final String SINGLE = "model.safetensors";
  private static final String PICKLES = "pytorch_model.bin";
  private static final List<String> FAMILIES = List.of("gpt_neox", "gpt2", "opt", "llama", "qwen2");

  private final Path folder;

  HostileTargets(Path folder) {
    this.folder = folder;
  }

  List<HostileTarget> all() throws IOException {
    return List.of(
        safetensors(),
        safetensorsHeader(),
        index(false),
        index(true),
        config(),
        pickles(),
        pickle(),
        adapterConfig(),
        adapterHeader());
  }

  /** A few small tensors, whose file is short enough that damage hits what matters. */
  private static byte[] smallSafetensors() {
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
            + "\"b.bias\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[24,32]},"
            + "\"c\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[32,40]},"
            + "\"d\":{\"dtype\":\"U8\",\"shape\":[0,7],\"data_offsets\":[40,40]}}";
    return withHeader(header.getBytes(StandardCharsets.UTF_8), new byte[40]);
  }

  private static byte[] withHeader(byte[] header, byte[] data) {
    return ByteBuffer.allocate(Long.BYTES + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(data)
        .array();
  }

  private static byte[] header(byte[] safetensors) {
    return Arrays.copyOfRange(
        safetensors, 8, 8 + ByteBuffer.wrap(safetensors).order(ByteOrder.LITTLE_ENDIAN).getInt());
  }

  private HostileTarget safetensors() throws IOException {
    Path file = folder.resolve("raw.safetensors");
    return new HostileTarget(
        "safetensors",
        List.of(smallSafetensors()),
        bytes -> {
          Files.write(file, bytes);
          try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            readAll(opened, bytes.length);
          }
        });
  }

  /** The header alone, in front of the right data, with its length put right. */
  private HostileTarget safetensorsHeader() {
    Path file = folder.resolve("header.safetensors");
    return new HostileTarget(
        "safetensors header",
        List.of(header(smallSafetensors())),
        bytes -> {
          byte[] whole = withHeader(bytes, new byte[40]);
          Files.write(file, whole);
          try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            readAll(opened, whole.length);
          }
        });
  }

  /** Every byte of every tensor; an accepted file must give all that it promised. */
  private static void readAll(TensorFile file, long fileBytes) throws IOException {
    for (TensorEntry entry : file.entries()) {
      if (entry.bytes() > fileBytes) {
        throw new AssertionError("accepted a tensor larger than its file: " + entry);
      }
      file.readBytes(entry.name());
    }
  }

  private HostileTarget index(boolean pickles) throws IOException {
    Path model = Files.createDirectory(folder.resolve("index" + pickles));
    TorchArchiveWriter.convert(Fixtures.path("gpt2"), model, 2, Map.of());
    Path index = model.resolve(PICKLES + ".index.json");
    byte[] seed = Files.readAllBytes(index);
    if (!pickles) {
      Path converted = folder.resolve("converted");
      try (var conversion = CheckpointConversion.open(model)) {
        conversion.write(converted, 200_000, written -> {});
      }
      model = converted;
      index = model.resolve(SINGLE + ".index.json");
      seed = Files.readAllBytes(index);
    }
    Path opened = model;
    Path written = index;
    return new HostileTarget(
        "index of " + (pickles ? "pickles" : "safetensors"),
        List.of(seed),
        bytes -> {
          Files.write(written, bytes);
          try (ModelDirectory directory = ModelDirectory.open(opened)) {
            for (TensorFile file : directory.files()) {
              if (!opened.equals(file.path().getParent())) {
                throw new AssertionError("opened a file outside of the directory: " + file.path());
              }
            }
            directory.names().forEach(directory::entry);
          }
        });
  }

  /** The description is made of it, and where that works, the weights are asked for. */
  private HostileTarget config() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (String family : FAMILIES) {
      Path model = Files.createDirectory(folder.resolve(family));
      Files.copy(Fixtures.path(family).resolve(SINGLE), model.resolve(SINGLE));
      seeds.add(Files.readAllBytes(Fixtures.path(family).resolve(CONFIG)));
    }
    Path lone = Files.createDirectory(folder.resolve("config")).resolve(CONFIG);
    return new HostileTarget(
        "config.json",
        seeds,
        bytes -> {
          Files.write(lone, bytes);
          ModelConfig config = ModelConfig.at(lone);
          config.eosTokenIds();
          config.padTokenId();
          config.labels();
          WeightSource.synthetic(config, 1);
          if (FAMILIES.contains(config.modelType())) {
            Path model = folder.resolve(config.modelType());
            Files.write(model.resolve(CONFIG), bytes);
            plan(model);
          }
        });
  }

  /** Asks for all weights, but reads none. */
  private static void plan(Path model) throws IOException {
    try (Backend meta = Backends.meta(BackendKind.CPU, Long.MAX_VALUE);
        ModelDirectory directory = ModelDirectory.open(model)) {
      WeightBytes.of(
          meta,
          WeightSource.of(directory),
          BasePrecision.INT8_WEIGHT_ONLY,
          ModelLoader::languageModel);
    }
  }

  private static byte[] smallPickles() throws IOException {
    TorchArchiveWriter writer = new TorchArchiveWriter();
    TensorEntry first = new TensorEntry("a.weight", DType.F32, Shape.of(2, 3), 0, 24);
    writer.tensor(first, new byte[24]);
    writer.tensor(new TensorEntry("b", DType.BF16, Shape.of(4), 0, 8), new byte[8]);
    writer.alias("c.weight", first);
    return writer.toBytes();
  }

  private static byte[] realPickles() throws IOException {
    try (var stream = HostileTargets.class.getResourceAsStream("/torch/state_dict.bin")) {
      return Objects.requireNonNull(stream).readAllBytes();
    }
  }

  private HostileTarget pickles() throws IOException {
    Path model = modelOfPickles("pickles");
    return new HostileTarget(
        "pytorch_model.bin", List.of(smallPickles(), realPickles()), bytes -> read(model, bytes));
  }

  /** The pickle alone, in a sound container. */
  private HostileTarget pickle() throws IOException {
    Path model = modelOfPickles("pickle");
    Map<String, byte[]> real = entries(realPickles());
    String name = "state_dict/data.pkl";
    byte[] seed = real.getOrDefault(name, new byte[0]);
    return new HostileTarget(
        "pickle",
        List.of(seed),
        bytes -> {
          real.put(name, bytes);
          read(model, archive(real));
        });
  }

  private Path modelOfPickles(String name) throws IOException {
    Path model = Files.createDirectory(folder.resolve(name));
    Files.writeString(model.resolve(CONFIG), "{}");
    return model;
  }

  private static void read(Path model, byte[] bytes) throws IOException {
    Files.write(model.resolve(PICKLES), bytes);
    try (ModelDirectory directory = ModelDirectory.open(model)) {
      readAll(directory.files().get(0), bytes.length);
      directory.files().get(0).shared();
    }
  }

  private Map<String, byte[]> entries(byte[] archive) throws IOException {
    Path file = folder.resolve("archive.zip");
    Files.write(file, archive);
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(file.toFile())) {
      for (ZipEntry entry : Collections.list(zip.entries())) {
        entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    return entries;
  }

  private static byte[] archive(Map<String, byte[]> entries) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream to = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> named : entries.entrySet()) {
        byte[] bytes = named.getValue();
        ZipEntry entry = new ZipEntry(named.getKey());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        entry.setCrc(crc.getValue());
        to.putNextEntry(entry);
        to.write(bytes);
      }
    }
    return out.toByteArray();
  }

  private HostileTarget adapterConfig() throws IOException {
    Path adapter = adapterCopy("adapter");
    return new HostileTarget(
        "adapter_config.json",
        List.of(Files.readAllBytes(adapter.resolve("adapter_config.json"))),
        bytes -> {
          Files.write(adapter.resolve("adapter_config.json"), bytes);
          readAdapter(adapter);
        });
  }

  private HostileTarget adapterHeader() throws IOException {
    Path adapter = adapterCopy("adapter-header");
    Path weights = adapter.resolve("adapter_model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    byte[] header = header(whole);
    byte[] data = Arrays.copyOfRange(whole, 8 + header.length, whole.length);
    return new HostileTarget(
        "adapter_model.safetensors",
        List.of(header),
        bytes -> {
          Files.write(weights, withHeader(bytes, data));
          readAdapter(adapter);
        });
  }

  private static void readAdapter(Path adapter) throws IOException {
    try (AdapterDirectory directory = AdapterDirectory.open(adapter)) {
      for (LoraModule module : directory.modules().values()) {
        directory.readA(module);
        directory.readB(module);
      }
    }
  }

  private Path adapterCopy(String name) throws IOException {
    Path adapter = Files.createDirectory(folder.resolve(name));
    Path from = Fixtures.path("gpt_neox/adapter");
    for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
      Files.copy(from.resolve(file), adapter.resolve(file));
    }
    return adapter;
  }
}
