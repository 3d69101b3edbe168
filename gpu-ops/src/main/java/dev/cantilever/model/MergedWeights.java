package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.EightBitSettings;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a checkpoint will have once an adapter is merged into it, for plans: the same, but that what
 * reads the embedding of an encoder-decoder has one of its own where the adapter changes it.
 */
final class MergedWeights extends WeightSource {

  private static final String WEIGHT = ".weight";

  private final WeightSource base;
  private final String table; // of the base, a tensor's name
  private final Set<String> apart; // what has contents of its own
  private final Set<String> stored; // that, and what is stored beside it

  /**
   * Of a base.
   *
   * @param changed modules that the adapter has branches of or holds whole
   */
  MergedWeights(WeightSource base, ModuleSelection changed) {
    super(base.config());
    this.base = base.withoutData();
    ArchitectureFamily family = Families.of(base.config());
    this.table = TokenTable.path(base, family) + WEIGHT;
    List<String> readers =
        family.encoderNames().stream().flatMap(names -> names.tied().stream()).toList();
    this.apart =
        readers.stream()
            .filter(path -> changed.names(path) || changed.isSaved(path))
            .map(path -> path + WEIGHT)
            .collect(Collectors.toSet());
    boolean all = !apart.isEmpty() && !table.equals(family.names().tokens() + WEIGHT);
    this.stored =
        all ? readers.stream().map(path -> path + WEIGHT).collect(Collectors.toSet()) : apart;
  }

  @Override
  public WeightSource withoutData() {
    return this;
  }

  @Override
  Optional<EightBitSettings> eightBit() {
    return base.eightBit();
  }

  @Override
  Path path() {
    return base.path();
  }

  @Override
  Path file(String name) {
    return base.file(origin(name));
  }

  @Override
  void require(String name) {
    base.require(origin(name));
  }

  @Override
  boolean has(String name) {
    return stored.contains(name) || base.has(name);
  }

  @Override
  void requireSame(String name, String other, String otherwise) throws IOException {
    base.requireSame(name, other, otherwise);
  }

  @Override
  boolean isSame(String name, String other) throws IOException {
    return Stream.of(name, other).noneMatch(apart::contains)
        && (origin(name).equals(origin(other)) || base.isSame(origin(name), origin(other)));
  }

  @Override
  DType dtype(String name, Shape shape) {
    return base.dtype(origin(name), shape);
  }

  /** The base's tensor that one of the result is made of. */
  private String origin(String name) {
    return stored.contains(name) && !base.has(name) ? table : name;
  }

  @Override
  void fill(Backend to, Tensor target, String name, LinearStorage storage, WeightRole role)
      throws IOException {
    base.fill(to, target, origin(name), storage, role);
  }

  @Override
  boolean storedInt8(FusedTensor matrix) {
    return base.storedInt8(matrix);
  }

  @Override
  void fillStoredInt8(Backend to, Int8Weight target, FusedTensor matrix) throws IOException {
    base.fillStoredInt8(to, target, matrix);
  }

  @Override
  void reportUnused() {}

  @Override
  void fillInt8(Backend to, Int8Weight target, FusedTensor matrix, WeightRole role, DType stored)
      throws IOException {
    base.fillInt8(to, target, matrix, role, stored);
  }
}
