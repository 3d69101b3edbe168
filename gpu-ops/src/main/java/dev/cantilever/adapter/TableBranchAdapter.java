package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.PlainStorage;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.Magnitude;
import dev.cantilever.nn.TableBranch;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An adapter's branch of a table of embeddings. It takes nothing off its table, whatever linear
 * layers begin with. Files keep A as [R, V], the model reads its rows by ids and so has it as [V,
 * R].
 */
final class TableBranchAdapter implements AdapterPart {

  private final DeviceCopies copies;
  private final AdapterConfig config;
  private final EmbeddingTable table;
  private final LoraModule module;
  private final Optional<WeightReader> reader;
  private final TableBranch branch;
  private final int rank;

  /** Takes room; nothing is attached yet. */
  TableBranchAdapter(
      Backend backend,
      Arena arena,
      String name,
      AdapterConfig config,
      EmbeddingTable table,
      Optional<WeightReader> reader,
      boolean trainable) {
    this.reader = reader;
    this.copies = new DeviceCopies(backend);
    this.config = config;
    this.table = table;
    this.module = module(table);
    this.rank = config.rank(table.name());
    this.branch =
        new TableBranch(
            name,
            Parameter.in(arena, module.nameA(), Shape.of(module.inFeatures(), rank)),
            Parameter.in(arena, module.nameB(), Shape.of(module.outFeatures(), rank)),
            (float) config.scale(table.name()),
            trainable,
            config.useDora()
                ? Optional.of(
                    new Magnitude(backend, arena, module.nameMagnitude(), table.values().size(1)))
                : Optional.empty());
  }

  /** The table as a layer whose products are to be had: W [V, E], of E inputs and V outputs. */
  static LoraTarget asLayer(EmbeddingTable table) {
    Linear layer = new Linear(table.name(), DenseWeight.of(table.values()));
    return new LoraTarget(table.name(), layer, 0, table.values().size(0), new PlainStorage());
  }

  /** A table [V, E] as files have it: a layer of V inputs and E outputs. */
  static LoraModule module(EmbeddingTable table) {
    return new LoraModule(table.name(), table.values().dim(0), table.values().dim(1), true);
  }

  EmbeddingTable table() {
    return table;
  }

  @Override
  public void attach() {
    table.attach(branch);
  }

  @Override
  public Optional<LoraModule> module() {
    return Optional.of(module);
  }

  @Override
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>(List.of(branch.a(), branch.b()));
    branch.magnitude().ifPresent(magnitude -> parameters.add(magnitude.lengths()));
    return parameters;
  }

  @Override
  public void putGradients(Map<String, float[]> gradients) {
    float[] a = copies.download(branch.a().gradient());
    gradients.put(branch.a().name(), LowRankFactors.transposed(a, rows()));
    gradients.put(branch.b().name(), copies.download(branch.b().gradient()));
    branch
        .magnitude()
        .map(Magnitude::lengths)
        .ifPresent(m -> gradients.put(m.name(), copies.download(m.gradient())));
  }

  /**
   * Draws fresh values as peft does for a table, whatever linear layers begin with: A is zero and B
   * from N(0, 1); both are from N(0, 1) where the adapter is to change the model from the
   * beginning.
   */
  @Override
  public void begin(long seed) {
    FreshValues fresh = new FreshValues(seed, table.name());
    if (config.init().scheme() == LoraInit.Scheme.RANDOM) {
      copies.upload(branch.a().value(), fresh.normal(branch.a().value(), 1));
    } else {
      copies.backend().transfers().zero(branch.a().value());
    }
    copies.upload(branch.b().value(), fresh.normal(branch.b().value(), 1));
    lengths().ifPresent(BranchLengths::begin);
  }

  @Override
  public void read(AdapterDirectory source) throws IOException {
    float[] a = source.readA(module);
    copies.upload(branch.a().value(), LowRankFactors.transposed(a, rank));
    copies.upload(branch.b().value(), source.readB(module));
    if (branch.magnitude().isPresent()) {
      copies.upload(branch.magnitude().get().lengths().value(), source.readMagnitude(module));
    }
  }

  /** Computes the norms that A, B and the lengths give. */
  @Override
  public void parametersChanged() {
    lengths().ifPresent(BranchLengths::update);
  }

  private Optional<BranchLengths> lengths() {
    return branch
        .magnitude()
        .map(
            m ->
                new BranchLengths(copies, m, this::norms, () -> new float[table.values().size(1)]));
  }

  /** ‖W + scale·(B·A)ᵀ‖ of each column, [E]. */
  private float[] norms() {
    WeightReader base = reader.orElseThrow();
    float[] rows = copies.download(branch.a().value());
    double[] a = DoraNorms.widened(LowRankFactors.transposed(rows, rows()));
    float[] b = copies.download(branch.b().value());
    double[] crossed = base.transposedTimes(asLayer(table), a);
    return DoraNorms.of(base.columnSquares(table), 0, crossed, a, b, rank, branch.scale());
  }

  /** Writes the branch; beside linear ones of twice the rank with zeros in the second half. */
  @Override
  public void write(AdapterWriter writer) throws IOException {
    float[] a = LowRankFactors.transposed(copies.download(branch.a().value()), rows());
    float[] b = copies.download(branch.b().value());
    if (config.init().changesBase()) {
      a = LowRankFactors.stacked(a, new float[a.length]);
      b = LowRankFactors.besideNegated(b, new float[b.length], rank);
    }
    writer.writeA(module, a);
    writer.writeB(module, b);
    if (branch.magnitude().isPresent()) {
      float[] lengths = copies.download(branch.magnitude().get().lengths().value());
      writer.writeMagnitude(module, lengths);
    }
  }

  private int rows() {
    return branch.a().value().size(0);
  }
}
