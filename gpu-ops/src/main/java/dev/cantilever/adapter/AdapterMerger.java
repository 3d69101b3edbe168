package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.hub.StagedDirectory;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorFile;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Adds an adapter to a checkpoint, file to file: W + scale·B·A, summed in double precision and
 * rounded once to how W is stored; biases and modules that the adapter holds whole take the place
 * of the base's. No model is made and no backend is needed; memory holds a band of one tensor and
 * its two small matrices, or the whole of one tensor whose own factors the adapter began from.
 *
 * <p>The weight files of the result have the names, the tensors and the types of the base's, and a
 * head of its own where only the base's embedding was one ({@link UntiedTensor}); what carries no
 * branch is copied byte for byte. Each file is written by itself, so files may be written in any
 * order, on several threads or machines, and again: the bytes are the same.
 */
public final class AdapterMerger implements AutoCloseable {

  private static final Set<DType> STORED = Set.of(DType.F32, DType.F16, DType.BF16);
  private static final String WEIGHT = ".weight";

  /** What to do with a base that ties; the key of a T5 says how its output is scaled as well. */
  private static final String UNTIE =
      "store a copy of the embedding as its head first, and set tie_word_embeddings to false in its"
          + " config.json, unless it is a T5: that takes a head which is stored, and with the key"
          + " it would lose the scale of its output";

  private final ModelDirectory base;
  private final AdapterDirectory adapter;
  private final Map<String, LoraModule> modules = new TreeMap<>(); // by the base's tensor
  private final Map<String, SavedTensor> replaced = new TreeMap<>(); // likewise
  private final TokenTensors tokens;
  private final List<UntiedTensor> untied; // what the base has its embedding for
  private final boolean unties; // head and embedding, which the base's config calls one
  private final OptionalInt vocabulary; // where it is another than the base's

  private AdapterMerger(ModelDirectory base, AdapterDirectory adapter) {
    this.base = base;
    this.adapter = adapter;
    this.tokens = new TokenTensors(base, adapter.config().taskType());
    this.untied = UntiedTensor.all(base, tokens, adapter);
    for (SavedTensor tensor : adapter.copies().values()) {
      putCopy(tensor);
    }
    Stream.concat(untied.stream().filter(UntiedTensor::isHead), UntiedHead.stored(base, tokens))
        .forEach(this::takeOffEmbedding);
    for (UntiedTensor tensor : untied) {
      Optional.ofNullable(replaced.get(tensor.embedding().name()))
          .ifPresent(copy -> replaced.putIfAbsent(tensor.entry().name(), copy));
    }
    for (SavedTensor tensor : adapter.saved().values()) {
      TensorEntry entry = requireReplaceable(tensor);
      replaced.put(entry.name(), tensor);
    }
    vocabulary = new ResizedVocabulary(tokens, adapter, replaced).rows();
    untied.forEach(this::requireAsManyRows);
    for (SavedTensor tensor : replaced.values()) {
      requireShape(tensor);
    }
    for (LoraModule module : adapter.modules().values()) {
      if (!SharedEmbedding.isUnread(base, module.path())) {
        modules.put(requireFits(module), module);
      }
    }
    this.unties = unties();
  }

  /** Whether the config has to say that head and embedding are two from now on. */
  private boolean unties() {
    return !SharedEmbedding.isIn(base)
        && (!untied.isEmpty()
            || (UntiedHead.isStored(base)
                && Stream.concat(modules.keySet().stream(), replaced.keySet().stream())
                    .anyMatch(name -> tokens.isTable(base.entry(name)))));
  }

  /**
   * Opens both and checks all that can be known before a weight is read.
   *
   * @param model directory of the base in HF layout
   * @param adapter directory of the adapter in PEFT layout
   * @throws CheckpointException naming file and tensor, if something is missing, damaged or
   *     unsupported, or the adapter has a module or a shape that the base has not
   */
  public static AdapterMerger open(Path model, Path adapter) throws IOException {
    AdapterDirectory branches = AdapterDirectory.open(adapter);
    try {
      ModelDirectory base = ModelDirectory.open(model);
      try {
        return new AdapterMerger(base, branches);
      } catch (RuntimeException e) {
        base.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      branches.close();
      throw e;
    }
  }

  /**
   * Merges a whole checkpoint on this thread.
   *
   * @param out does not exist yet, or is an empty directory; appears whole or not at all
   */
  public static MergeTally merge(Path model, Path adapter, Path out) throws IOException {
    try (AdapterMerger merger = open(model, adapter);
        StagedDirectory staged = StagedDirectory.create(out)) {
      MergeTally tally = MergeTally.NONE;
      for (String shard : merger.shards()) {
        tally = tally.plus(merger.writeShard(shard, staged.path()));
      }
      merger.writeCompanions(staged.path());
      staged.publish();
      return tally;
    }
  }

  /** The names of the weight files, sorted. */
  public List<String> shards() {
    return base.files().stream().map(base::safetensorsName).sorted().toList();
  }

  /**
   * Writes one weight file of the result.
   *
   * @param shard one of {@link #shards}
   * @param directory where it appears under its name, replacing one that is there
   * @throws CheckpointException naming file and tensor, if a merged value is not finite or too
   *     large for how the base stores it
   */
  public MergeTally writeShard(String shard, Path directory) throws IOException {
    TensorFile source =
        base.files().stream()
            .filter(file -> base.safetensorsName(file).equals(shard))
            .findFirst()
            .orElseThrow();
    List<TensorSpec> specs = new ArrayList<>();
    for (TensorEntry entry : written(source)) {
      specs.add(new TensorSpec(entry.name(), entry.dtype(), values(entry).shape()));
    }
    Map<String, String> metadata =
        source.metadata().isEmpty() ? SafetensorsWriter.PT_METADATA : source.metadata();
    MergeTally tally = MergeTally.NONE;
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve(shard), specs, metadata)) {
      for (TensorEntry entry : written(source)) {
        LoraModule module = modules.get(entry.name());
        SavedTensor whole = replaced.get(entry.name());
        if (whole != null && module == null) {
          writer.write(entry.name(), adapter.read(whole)); // rounded to the base's type
          tally = tally.plus(MergeTally.copied());
        } else if (module == null) {
          writer.copy(entry.name(), source, values(entry));
          tally = tally.plus(MergeTally.copied());
        } else {
          tally = tally.plus(merge(source, entry, module).write(writer));
        }
      }
      writer.finish();
    }
    return tally;
  }

  private TensorMerge merge(TensorFile source, TensorEntry entry, LoraModule module) {
    TensorFile file = replaced.containsKey(entry.name()) ? adapter.file() : source;
    return new TensorMerge(
        file, values(entry), entry, adapter, module, isTransposed(module, entry));
  }

  /** The tensors of the result's file: those of the base's, and what is to lie behind them. */
  private List<TensorEntry> written(TensorFile source) {
    List<TensorEntry> entries = new ArrayList<>(source.entries());
    untied.stream()
        .filter(tensor -> source.contains(tensor.embedding().name()))
        .forEach(tensor -> entries.add(tensor.entry()));
    return entries;
  }

  /** Where the values lie that take the place of a tensor of the base, or that are branched off. */
  private TensorEntry values(TensorEntry entry) {
    SavedTensor own = replaced.get(entry.name());
    return own == null ? origin(entry) : adapter.file().entry(own.name());
  }

  /** The base's tensor of which one of the result is made. */
  private TensorEntry origin(TensorEntry entry) {
    return untied.stream()
        .filter(tensor -> tensor.entry().equals(entry))
        .map(UntiedTensor::embedding)
        .findFirst()
        .orElse(entry);
  }

  private Path baseFile(TensorEntry entry) {
    return base.file(origin(entry).name()).path();
  }

  /** What a tensor of the adapter belongs to in the result. */
  private Optional<TensorEntry> target(String tensor) {
    String name = stored(tensor);
    return base.contains(name)
        ? Optional.of(base.entry(name))
        : untied.stream().filter(one -> one.is(name)).map(UntiedTensor::entry).findFirst();
  }

  /**
   * Writes everything but the weights: what the base has of it, unchanged but for the number of
   * tokens in {@code config.json}, where the adapter brings another, and that the head is not the
   * embedding, where the adapter makes it another. The tokenizer is the base's.
   */
  public void writeCompanions(Path directory) throws IOException {
    Map<String, String> added = new TreeMap<>();
    untied.forEach(tensor -> added.put(tensor.entry().name(), tensor.embedding().name()));
    base.copyCompanions(directory, added);
    ModelConfig config = unties ? UntiedHead.untying(base.config()) : base.config();
    if (vocabulary.isPresent()) {
      config = config.with("vocab_size", vocabulary.getAsInt());
    }
    if (unties || vocabulary.isPresent()) {
      config.write(directory);
    }
  }

  @Override
  public void close() throws IOException {
    base.close();
    adapter.close();
  }

  /** The base's name of a tensor: the adapter's, but for heads that go by two names. */
  private String stored(String tensor) {
    String earlier = HeadNames.earlier(tensor);
    return !base.contains(tensor) && base.contains(earlier) ? earlier : tensor;
  }

  /** The name of the tensor that a branch is added to. */
  private String requireFits(LoraModule module) {
    String tensor = stored(module.path() + WEIGHT);
    Optional<TensorEntry> target = target(tensor);
    if (target.isEmpty()) {
      throw new CheckpointException(
          "%s: expected only modules of %s, found '%s', which needs a tensor '%s' there. Use the base this adapter was trained on; where that ties its head to its embedding, %s."
              .formatted(adapter.file().path(), base.path(), module.path(), tensor, UNTIE));
    }
    TensorEntry entry = target.get();
    Shape found = values(entry).shape();
    Shape outFirst = Shape.of(module.outFeatures(), module.inFeatures());
    Shape inFirst = Shape.of(module.inFeatures(), module.outFeatures());
    if (!found.equals(isTransposed(module, entry) ? inFirst : outFirst)) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, because %s has a branch for it, found %s. Use the base this adapter was trained on."
              .formatted(
                  baseFile(entry),
                  tensor,
                  adapter.config().fanInFanOut() || module.embedding() ? inFirst : outFirst,
                  adapter.file().path(),
                  found));
    }
    requireStored(tensor, entry);
    if (!isApart(entry)
        && (tokens.isShared(entry.name()) || module.embedding() && tokens.isTied(entry))) {
      throw new CheckpointException(
          "%s: expected tensor '%s' to stand for itself alone, because %s has a branch for it, found it to be another tensor of the base as well. To merge it, %s."
              .formatted(baseFile(entry), tensor, adapter.file().path(), UNTIE));
    }
    return entry.name();
  }

  /**
   * Whether a matrix is stored [in, out]: all tables of embeddings are, of linear layers what the
   * settings say where the shape does not tell. peft says so of all layers in one word, though
   * GPT-2's head is not stored as its other layers are.
   */
  private boolean isTransposed(LoraModule module, TensorEntry entry) {
    Shape found = values(entry).shape();
    boolean outFirst = found.equals(Shape.of(module.outFeatures(), module.inFeatures()));
    boolean inFirst = found.equals(Shape.of(module.inFeatures(), module.outFeatures()));
    return module.embedding() || (outFirst == inFirst ? adapter.config().fanInFanOut() : inFirst);
  }

  /** Takes a table that came along with the adapter, unless it is the base's embedding again. */
  private void putCopy(SavedTensor tensor) {
    Optional<TensorEntry> target = target(tensor.baseName());
    if (target.isPresent()) {
      replaced.put(target.get().name(), tensor);
      requireStored(tensor.baseName(), target.get());
    } else if (adapter.copies().size() == 1) {
      requireReplaceable(tensor);
    }
  }

  /**
   * Where a head that is the embedding began from its own factors, the embedding is without them as
   * well: the copy of the one is that of the other.
   */
  private void takeOffEmbedding(UntiedTensor head) {
    boolean branched =
        adapter.modules().values().stream()
            .map(LoraModule::path)
            .anyMatch(path -> head.is(path + WEIGHT));
    if (!adapter.config().init().changesBase() || !branched) {
      return;
    }
    SavedTensor copy = replaced.get(head.entry().name());
    if (copy == null) {
      throw new CheckpointException(
          "%s: expected a copy of the head '%s' beside its branch, because 'init_lora_weights' %s takes what that began from off the embedding '%s' too, found none. Save the adapter with save_embedding_layers=True."
              .formatted(
                  adapter.file().path(),
                  head.entry().name(),
                  adapter.config().init().text(),
                  head.embedding().name()));
    }
    replaced.putIfAbsent(head.embedding().name(), copy);
  }

  /** Whether a tensor may differ from others that it is one with in the base. */
  private boolean isApart(TensorEntry entry) {
    return !untied.isEmpty() || SharedEmbedding.isApart(base, entry.name());
  }

  private void requireStored(String tensor, TensorEntry entry) {
    if (!STORED.contains(entry.dtype())) {
      throw new CheckpointException(
          "%s: expected tensor '%s' to be one of F32, F16 and BF16, found %s. Convert the checkpoint."
              .formatted(baseFile(entry), tensor, entry.dtype()));
    }
  }

  /** The entry that takes a tensor of the adapter. */
  private TensorEntry requireReplaceable(SavedTensor tensor) {
    String name = stored(tensor.baseName());
    Path file = adapter.file().path();
    Optional<TensorEntry> target = target(name);
    if (target.isEmpty()) {
      throw new CheckpointException(
          "%s: expected to hold only tensors of %s whole, found '%s', which is not there. Use the base this adapter was trained on; where that ties its head to its embedding, %s."
              .formatted(file, base.path(), name, UNTIE));
    }
    TensorEntry entry = target.get();
    requireStored(name, entry);
    if (!isApart(entry)
        && !tensor.bias()
        && (tokens.isTied(entry) || tokens.isShared(entry.name()))) {
      throw new CheckpointException(
          "%s: expected no embedding of %s held whole, found '%s', which is the output head there as well, where the adapter's would be wrong. To merge it, %s."
              .formatted(file, base.path(), name, UNTIE));
    }
    return entry;
  }

  /** What is a tensor of its own has as many tokens as the embedding has from now on. */
  private void requireAsManyRows(UntiedTensor own) {
    Shape expected = values(own.embedding()).shape();
    Shape found = values(own.entry()).shape();
    if (!found.equals(expected)) {
      throw new CheckpointException(
          "%s: expected '%s' to be of shape %s, as the embedding is, found %s. Resize the base, save it, and merge into that."
              .formatted(adapter.file().path(), own.entry().name(), expected, found));
    }
  }

  private void requireShape(SavedTensor tensor) {
    Shape expected = target(tensor.baseName()).orElseThrow().shape();
    Shape found = adapter.file().entry(tensor.name()).shape();
    if (!expected.equals(found) && vocabulary.isEmpty()) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, as %s has it, found %s. Use the base this adapter was trained on."
              .formatted(adapter.file().path(), tensor.name(), expected, base.path(), found));
    }
  }
}
