package dev.cantilever.hub;

import dev.cantilever.tensor.Shape;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/** What each tensor of an adapter's file is, checked against the settings. */
final class AdapterTensors {

  /** What peft's wrapper of a saved module keeps of it besides, where all biases are written. */
  private static final List<String> WRAPPED = List.of(".original_module.", ".modules_to_save.");

  /** Names of embeddings of tokens and of heads in the families of language models. */
  private static final Set<String> TABLES =
      Set.of("embed_tokens", "embed_in", "wte", "word_embeddings", "shared", "lm_head");

  private final AdapterConfig config;
  private final TensorFile file;
  private final NavigableMap<String, LoraModule> modules = new TreeMap<>();
  private final NavigableMap<String, SavedTensor> saved = new TreeMap<>();
  private final NavigableMap<String, SavedTensor> copies = new TreeMap<>();

  AdapterTensors(AdapterConfig config, TensorFile file) {
    this.config = config;
    this.file = file;
    for (TensorEntry entry : file.entries()) {
      branch(entry);
    }
    for (TensorEntry entry : file.entries()) {
      other(entry);
    }
    if (modules.isEmpty()) {
      throw new CheckpointException(
          "%s: expected the weights of at least one module, found none. Check the adapter."
              .formatted(file.path()));
    }
  }

  /** The modules that carry a branch, by path. */
  NavigableMap<String, LoraModule> modules() {
    return modules;
  }

  /** What is held whole, by the base's name. */
  NavigableMap<String, SavedTensor> saved() {
    return saved;
  }

  /** Tables and heads of the base that came along untrained, by the base's name. */
  NavigableMap<String, SavedTensor> copies() {
    return copies;
  }

  private void branch(TensorEntry entry) {
    String linear = path(entry, LoraModule.SUFFIX_A, LoraModule.SUFFIX_B);
    String table = path(entry, LoraModule.SUFFIX_EMBEDDING_A, LoraModule.SUFFIX_EMBEDDING_B);
    String path = linear.isEmpty() ? table : linear;
    if (path.isEmpty()) {
      return;
    }
    if (!config.modules().matches(path)) {
      throw new CheckpointException(
          "%s: expected only modules that target_modules %s matches, found '%s'. Check that config and weights belong together."
              .formatted(file.path(), config.modules().targets(), path));
    }
    LoraModule module = modules.computeIfAbsent(path, key -> pair(key, linear.isEmpty()));
    if (module.embedding() != linear.isEmpty()) {
      throw unknown(
          entry.name(),
          "'" + path + "' has matrices of a linear layer and of an embedding: keep one pair.");
    }
  }

  /**
   * The name under which a file has a tensor: of a head that goes by two, the one that is there.
   */
  static String stored(TensorFile file, String name) {
    String earlier = HeadNames.earlier(name);
    return !file.contains(name) && file.contains(earlier) ? earlier : name;
  }

  /** The path of the module that a tensor is A or B of; empty if it is neither. */
  private static String path(TensorEntry entry, String suffixA, String suffixB) {
    String path = LoraModule.pathOf(entry.name(), suffixA);
    return HeadNames.later(path.isEmpty() ? LoraModule.pathOf(entry.name(), suffixB) : path);
  }

  private LoraModule pair(String path, boolean embedding) {
    LoraModule names = new LoraModule(path, 1, 1, embedding);
    TensorEntry a = half(path, names.nameA(), 0, "[%d, in]");
    TensorEntry b = half(path, names.nameB(), 1, "[out, %d]");
    LoraModule module = new LoraModule(path, a.shape().dim(1), b.shape().dim(0), embedding);
    if (config.useDora()) {
      requireMagnitude(module);
    }
    return module;
  }

  private void requireMagnitude(LoraModule module) {
    String name = stored(file, module.nameMagnitude());
    Object found = "none";
    if (file.contains(name)) {
      TensorEntry entry = file.entry(name);
      if (entry.shape().equals(Shape.of(module.outFeatures())) && entry.dtype().isFloatingPoint()) {
        return;
      }
      found = entry.dtype() + " " + entry.shape();
    }
    throw new CheckpointException(
        "%s: expected tensor '%s' to be floating-point [%d], one length an output, because of use_dora, found %s. Check that config and weights belong together."
            .formatted(file.path(), name, module.outFeatures(), found));
  }

  private TensorEntry half(String path, String name, int rankAxis, String form) {
    TensorEntry entry = file.entry(stored(file, name));
    int rank = config.rank(path);
    boolean fits =
        entry.shape().rank() == 2
            && entry.shape().dim(rankAxis) == rank
            && entry.shape().elements() > 0
            && entry.dtype().isFloatingPoint();
    if (!fits) {
      throw new CheckpointException(
          "%s: expected tensor '%s' to be floating-point %s because r is %d there, found %s %s. Check that config and weights belong together."
              .formatted(
                  file.path(), name, form.formatted(rank), rank, entry.dtype(), entry.shape()));
    }
    return entry;
  }

  private void other(TensorEntry entry) {
    String name = entry.name();
    String magnitude = HeadNames.later(LoraModule.pathOf(name, LoraModule.SUFFIX_MAGNITUDE));
    if (!path(entry, LoraModule.SUFFIX_A, LoraModule.SUFFIX_B).isEmpty()
        || !path(entry, LoraModule.SUFFIX_EMBEDDING_A, LoraModule.SUFFIX_EMBEDDING_B).isEmpty()
        || (config.useDora() && modules.containsKey(magnitude))) {
      return;
    }
    if (!name.startsWith(LoraModule.PREFIX)) {
      throw unknown(name, "Check the file.");
    }
    if (WRAPPED.stream().anyMatch(name::contains)) {
      return;
    }
    if (!entry.dtype().isFloatingPoint()) {
      throw new CheckpointException(
          "%s: expected tensor '%s' to be floating-point, found %s. Check the adapter."
              .formatted(file.path(), name, entry.dtype()));
    }
    String rest = HeadNames.later(name.substring(LoraModule.PREFIX.length()));
    String baseName = rest.replace(LoraModule.BASE_LAYER + ".", ".");
    SavedTensor whole = new SavedTensor(baseName, name, false);
    boolean copy = isCopy(whole, rest, entry);
    SavedTensor tensor = copy ? whole : held(whole);
    if ((copy ? copies : saved).put(baseName, tensor) != null) {
      throw unknown(name, "There is another one for '" + baseName + "'.");
    }
  }

  /**
   * Whether a tensor is the base's own table of embeddings or head, or that head's bias, which peft
   * lets come along where such a layer carries a branch, or where its number of rows was changed.
   */
  private boolean isCopy(SavedTensor whole, String rest, TensorEntry entry) {
    String path = whole.modulePath();
    boolean table = TABLES.contains(path.substring(path.lastIndexOf('.') + 1));
    boolean branched = modules.containsKey(path);
    String own = path + LoraModule.BASE_LAYER;
    boolean matrix =
        entry.shape().rank() == 2
            && (branched && rest.equals(own + ".weight") || table && rest.equals(path + ".weight"));
    boolean vector =
        entry.shape().rank() == 1
            && branched
            && table
            && config.bias() == LoraBias.NONE
            && rest.equals(own + ".bias");
    return (matrix || vector) && !config.modules().isSaved(path);
  }

  private SavedTensor held(SavedTensor whole) {
    if (config.modules().isSaved(whole.modulePath())) {
      return whole;
    }
    boolean asked =
        switch (config.bias()) {
          case NONE -> false;
          case LORA_ONLY -> modules.containsKey(whole.modulePath());
          case ALL -> true;
        };
    if (asked && whole.baseName().endsWith(".bias")) {
      return new SavedTensor(whole.baseName(), whole.name(), true);
    }
    throw unknown(
        whole.name(),
        "It is neither of a branch, nor named in modules_to_save, nor a bias that 'bias' asks for:"
            + " check that config and weights belong together.");
  }

  private CheckpointException unknown(String name, String reason) {
    return new CheckpointException(
        "%s: expected tensors base_model.model.<module>.lora_A.weight and lora_B.weight, and what the config asks for, found '%s'. %s"
            .formatted(file.path(), name, reason));
  }
}
