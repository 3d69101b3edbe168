package dev.cantilever.hub;

import dev.cantilever.tensor.Shape;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** What each tensor of an adapter's file is, checked against the settings. */
final class AdapterTensors {

  private static final List<String> EMBEDDINGS = List.of(".lora_embedding_A", ".lora_embedding_B");

  /** What peft's wrapper of a saved module keeps of it besides, where all biases are written. */
  private static final List<String> WRAPPED = List.of(".original_module.", ".modules_to_save.");

  private final AdapterConfig config;
  private final TensorFile file;
  private final NavigableMap<String, LoraModule> modules = new TreeMap<>();
  private final NavigableMap<String, SavedTensor> saved = new TreeMap<>();

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

  private void branch(TensorEntry entry) {
    String pathA = LoraModule.pathOf(entry.name(), LoraModule.SUFFIX_A);
    String path = pathA.isEmpty() ? LoraModule.pathOf(entry.name(), LoraModule.SUFFIX_B) : pathA;
    if (path.isEmpty()) {
      return;
    }
    if (!config.modules().matches(path)) {
      throw new CheckpointException(
          "%s: expected only modules that target_modules %s matches, found '%s'. Check that config and weights belong together."
              .formatted(file.path(), config.modules().targets(), path));
    }
    modules.computeIfAbsent(path, this::pair);
  }

  private LoraModule pair(String path) {
    LoraModule names = new LoraModule(path, 1, 1);
    TensorEntry a = half(path, names.nameA(), 0, "[%d, in]");
    TensorEntry b = half(path, names.nameB(), 1, "[out, %d]");
    LoraModule module = new LoraModule(path, a.shape().dim(1), b.shape().dim(0));
    if (config.useDora()) {
      requireMagnitude(module);
    }
    return module;
  }

  private void requireMagnitude(LoraModule module) {
    String name = module.nameMagnitude();
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
    TensorEntry entry = file.entry(name);
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
    String magnitude = LoraModule.pathOf(name, LoraModule.SUFFIX_MAGNITUDE);
    if (!LoraModule.pathOf(name, LoraModule.SUFFIX_A).isEmpty()
        || !LoraModule.pathOf(name, LoraModule.SUFFIX_B).isEmpty()
        || (config.useDora() && modules.containsKey(magnitude))) {
      return;
    }
    if (EMBEDDINGS.stream().anyMatch(name::contains)) {
      throw unknown(name, "Branches of embeddings are not supported: train linear layers only.");
    }
    if (!name.startsWith(LoraModule.PREFIX)) {
      throw unknown(name, "Check the file.");
    }
    if (WRAPPED.stream().anyMatch(name::contains)) {
      return;
    }
    SavedTensor tensor = held(name.substring(LoraModule.PREFIX.length()), name);
    if (!entry.dtype().isFloatingPoint()) {
      throw new CheckpointException(
          "%s: expected tensor '%s' to be floating-point, found %s. Check the adapter."
              .formatted(file.path(), name, entry.dtype()));
    }
    if (saved.put(tensor.baseName(), tensor) != null) {
      throw unknown(name, "There is another one for '" + tensor.baseName() + "'.");
    }
  }

  private SavedTensor held(String rest, String name) {
    String baseName = rest.replace(LoraModule.BASE_LAYER + ".", ".");
    SavedTensor tensor = new SavedTensor(baseName, name, false);
    if (config.modules().isSaved(tensor.modulePath())) {
      return tensor;
    }
    boolean asked =
        switch (config.bias()) {
          case NONE -> false;
          case LORA_ONLY -> modules.containsKey(tensor.modulePath());
          case ALL -> true;
        };
    if (asked && baseName.endsWith(".bias")) {
      return new SavedTensor(baseName, name, true);
    }
    throw unknown(
        name,
        "It is neither of a branch, nor named in modules_to_save, nor a bias that 'bias' asks for:"
            + " check that config and weights belong together.");
  }

  private CheckpointException unknown(String name, String reason) {
    return new CheckpointException(
        "%s: expected tensors base_model.model.<module>.lora_A.weight and lora_B.weight, and what the config asks for, found '%s'. %s"
            .formatted(file.path(), name, reason));
  }
}
