package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorFile;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a merge makes of each tensor, and of the config: which has a branch added, for which the
 * adapter brings values, which the base has none of yet. Making it checks all that can be known
 * before a weight is merged.
 */
final class MergePlan {

  private static final Logger LOG = LoggerFactory.getLogger(MergePlan.class);

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

  /**
   * Makes it.
   *
   * @throws CheckpointException naming file and tensor, if the adapter has a module or a shape that
   *     the base has not
   */
  MergePlan(ModelDirectory base, AdapterDirectory adapter) throws IOException {
    this.base = base;
    this.adapter = adapter;
    this.tokens = new TokenTensors(base, adapter.config().taskType());
    this.untied = UntiedTensor.all(base, tokens, adapter);
    for (SavedTensor tensor : adapter.copies().values()) {
      putCopy(tensor);
    }
    for (SavedTensor tensor : adapter.saved().values()) {
      if (isUnread(tensor)) {
        putResized(tensor);
      }
    }
    shareCopies(OneTensor.of(base, tokens, adapter, untied));
    for (SavedTensor tensor : adapter.saved().values()) {
      if (!isUnread(tensor)) {
        replaced.put(requireReplaceable(tensor).name(), tensor);
      }
    }
    vocabulary = new ResizedVocabulary(tokens, adapter, replaced).rows();
    untied.forEach(this::requireAsManyRows);
    replaced.forEach(this::requireShape);
    for (LoraModule module : adapter.modules().values()) {
      if (!SharedEmbedding.isUnread(base, module.path())) {
        modules.put(requireFits(module), module);
      }
    }
    this.unties = unties();
    reportGuess();
  }

  /** Says what decides whether a head is written, where no one has said it. */
  private void reportGuess() {
    Stream.concat(modules.keySet().stream(), replaced.keySet().stream())
        .filter(base::contains)
        .map(base::entry)
        .filter(tokens::isHeadlessByGuess)
        .findFirst()
        .ifPresent(
            table ->
                LOG.warn(
                    "{}: 'task_type' is null and 'architectures' of {} have no head, so '{}' is merged as the embedding alone. If the adapter is of a language model, which has it as its head too, set 'task_type' to CAUSAL_LM and merge again",
                    adapter.file().path(),
                    base.config().file(),
                    table.name()));
  }

  /** Whether the config has to say that head and embedding are two from now on. */
  private boolean unties() {
    return !SharedEmbedding.isIn(base)
        && (!untied.isEmpty()
            || (UntiedHead.isStored(base)
                && Stream.concat(modules.keySet().stream(), replaced.keySet().stream())
                    .anyMatch(name -> tokens.isTable(base.entry(name)))));
  }

  /** The tensors of the result's file: those of the base's, and what is to lie behind them. */
  List<TensorEntry> written(TensorFile source) {
    List<TensorEntry> entries = new ArrayList<>(source.entries());
    untied.stream()
        .filter(tensor -> source.contains(tensor.embedding().name()))
        .forEach(tensor -> entries.add(tensor.entry()));
    return entries;
  }

  /** What the result has beside the base's tensors, and the base's by whose side each lies. */
  Map<String, String> added() {
    Map<String, String> added = new TreeMap<>();
    untied.forEach(tensor -> added.put(tensor.entry().name(), tensor.embedding().name()));
    return added;
  }

  /** The branch that is added to a tensor, if one is. */
  Optional<LoraModule> branch(TensorEntry entry) {
    return Optional.ofNullable(modules.get(entry.name()));
  }

  /** What the adapter has in place of the base's values, if it does. */
  Optional<SavedTensor> brought(TensorEntry entry) {
    return Optional.ofNullable(replaced.get(entry.name()));
  }

  /** Where the values lie that a tensor is made of: in the adapter's file, if it brings them. */
  TensorEntry values(TensorEntry entry) {
    return brought(entry)
        .map(own -> adapter.file().entry(own.name()))
        .orElseGet(() -> origin(entry));
  }

  /** The config of the result, if it is another than the base's. */
  Optional<ModelConfig> config() {
    ModelConfig config = unties ? UntiedHead.untying(base.config()) : base.config();
    if (vocabulary.isPresent()) {
      return Optional.of(config.with("vocab_size", vocabulary.getAsInt()));
    }
    return unties ? Optional.of(config) : Optional.empty();
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

  /** The base's name of a tensor: the adapter's, but for heads that go by two names. */
  private String stored(String tensor) {
    String earlier = HeadNames.earlier(tensor);
    return !base.contains(tensor) && base.contains(earlier) ? earlier : tensor;
  }

  private boolean isUnread(SavedTensor tensor) {
    return SharedEmbedding.isUnread(base, tensor.modulePath());
  }

  /** Takes a table that came along with the adapter, unless it is the base's embedding again. */
  private void putCopy(SavedTensor tensor) {
    Optional<TensorEntry> target = target(tensor.baseName());
    if (target.isPresent()) {
      requireStored(tensor.baseName(), target.get());
      replaced.put(target.get().name(), tensor);
    } else if (SharedEmbedding.origin(base, tensor.baseName()).isPresent()) {
      TensorEntry origin = SharedEmbedding.origin(base, tensor.baseName()).get();
      replaced.putIfAbsent(origin.name(), tensor);
    } else if (adapter.copies().size() == 1) {
      requireReplaceable(tensor);
    }
  }

  /**
   * Takes a table that the adapter holds whole and nothing reads for the base's, if it has another
   * number of tokens: as nothing trains it, it is that of the base before training, which was
   * resized. Else it acts on nothing, and is left out.
   */
  private void putResized(SavedTensor tensor) {
    Shape found = adapter.file().entry(tensor.name()).shape();
    SharedEmbedding.origin(base, tensor.baseName())
        .filter(origin -> !origin.shape().equals(found))
        .ifPresent(origin -> replaced.putIfAbsent(origin.name(), tensor));
  }

  /**
   * Gives what came along of one to all that are one tensor of the base, as loading it does there:
   * so where a head began from its own factors, the embedding is without them as well.
   */
  private void shareCopies(OneTensor tied) {
    Optional<SavedTensor> copy =
        tied.members().stream().flatMap(entry -> brought(entry).stream()).findFirst();
    if (copy.isPresent()) {
      tied.members().forEach(entry -> replaced.putIfAbsent(entry.name(), copy.get()));
    } else if (adapter.config().init().changesBase()) {
      requireNoBeginning(tied);
    }
  }

  private void requireNoBeginning(OneTensor tied) {
    Optional<LoraModule> head =
        adapter.modules().values().stream()
            .filter(module -> !module.embedding() && tied.contains(module.path() + WEIGHT))
            .findFirst();
    if (head.isPresent()) {
      throw new CheckpointException(
          "%s: expected a copy of '%s' beside its branch, because 'init_lora_weights' %s takes what that began from off all of %s, which are one tensor, found none. Save the adapter with save_embedding_layers=True."
              .formatted(
                  adapter.file().path(),
                  head.get().path(),
                  adapter.config().init().text(),
                  tied.members().stream().map(TensorEntry::name).toList()));
    }
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
  boolean isTransposed(LoraModule module, TensorEntry entry) {
    Shape found = values(entry).shape();
    boolean outFirst = found.equals(Shape.of(module.outFeatures(), module.inFeatures()));
    boolean inFirst = found.equals(Shape.of(module.inFeatures(), module.outFeatures()));
    return module.embedding() || (outFirst == inFirst ? adapter.config().fanInFanOut() : inFirst);
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

  private void requireShape(String name, SavedTensor tensor) {
    Shape expected = target(name).orElseThrow().shape();
    Shape found = adapter.file().entry(tensor.name()).shape();
    if (!expected.equals(found) && vocabulary.isEmpty()) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, as %s has it, found %s. Use the base this adapter was trained on."
              .formatted(adapter.file().path(), tensor.name(), expected, base.path(), found));
    }
  }
}
