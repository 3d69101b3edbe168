package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.TableBranch;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * An adapter's branch of a table of embeddings. It takes nothing off its table, whatever linear
 * layers begin with. Files keep A as [R, V], the model reads its rows by ids and so has it as [V,
 * R].
 */
final class TableBranchAdapter {

  private final DeviceCopies copies;
  private final AdapterConfig config;
  private final EmbeddingTable table;
  private final LoraModule module;
  private final TableBranch branch;
  private final int rank;

  /** Takes room; nothing is attached yet. */
  TableBranchAdapter(
      Backend backend,
      Arena arena,
      String name,
      AdapterConfig config,
      EmbeddingTable table,
      boolean trainable) {
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
            trainable);
  }

  /** A table [V, E] as files have it: a layer of V inputs and E outputs. */
  static LoraModule module(EmbeddingTable table) {
    return new LoraModule(table.name(), table.values().dim(0), table.values().dim(1), true);
  }

  EmbeddingTable table() {
    return table;
  }

  void attach() {
    table.attach(branch);
  }

  LoraModule module() {
    return module;
  }

  List<Parameter> parameters() {
    return List.of(branch.a(), branch.b());
  }

  void putGradients(Map<String, float[]> gradients) {
    float[] a = copies.download(branch.a().gradient());
    gradients.put(branch.a().name(), LowRankFactors.transposed(a, rows()));
    gradients.put(branch.b().name(), copies.download(branch.b().gradient()));
  }

  /**
   * Draws fresh values as peft does for a table, whatever linear layers begin with: A is zero and B
   * from N(0, 1); both are from N(0, 1) where the adapter is to change the model from the
   * beginning.
   */
  void draw(long seed) {
    FreshValues fresh = new FreshValues(seed, table.name());
    if (config.init().scheme() == LoraInit.Scheme.RANDOM) {
      copies.upload(branch.a().value(), fresh.normal(branch.a().value(), 1));
    } else {
      copies.backend().transfers().zero(branch.a().value());
    }
    copies.upload(branch.b().value(), fresh.normal(branch.b().value(), 1));
  }

  void read(AdapterDirectory source) throws IOException {
    float[] a = source.readA(module);
    copies.upload(branch.a().value(), LowRankFactors.transposed(a, rank));
    copies.upload(branch.b().value(), source.readB(module));
  }

  /** Writes the branch; beside linear ones of twice the rank with zeros in the second half. */
  void write(AdapterWriter writer) throws IOException {
    float[] a = LowRankFactors.transposed(copies.download(branch.a().value()), rows());
    float[] b = copies.download(branch.b().value());
    if (config.init().changesBase()) {
      a = LowRankFactors.stacked(a, new float[a.length]);
      b = LowRankFactors.besideNegated(b, new float[b.length], rank);
    }
    writer.writeA(module, a);
    writer.writeB(module, b);
  }

  private int rows() {
    return branch.a().value().size(0);
  }
}
