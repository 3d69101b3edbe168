package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.hub.StagedDirectory;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorFile;
import dev.cantilever.hub.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

  private final ModelDirectory base;
  private final AdapterDirectory adapter;
  private final MergePlan plan;

  private AdapterMerger(ModelDirectory base, AdapterDirectory adapter) throws IOException {
    this.base = base;
    this.adapter = adapter;
    this.plan = new MergePlan(base, adapter);
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
      } catch (IOException | RuntimeException e) {
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
    List<TensorEntry> written = plan.written(source);
    for (TensorEntry entry : written) {
      specs.add(new TensorSpec(entry.name(), entry.dtype(), plan.values(entry).shape()));
    }
    Map<String, String> metadata =
        source.metadata().isEmpty() ? SafetensorsWriter.PT_METADATA : source.metadata();
    MergeTally tally = MergeTally.NONE;
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve(shard), specs, metadata)) {
      for (TensorEntry entry : written) {
        tally = tally.plus(write(writer, source, entry));
      }
      writer.finish();
    }
    return tally;
  }

  private MergeTally write(SafetensorsWriter writer, TensorFile source, TensorEntry entry)
      throws IOException {
    Optional<LoraModule> module = plan.branch(entry);
    Optional<SavedTensor> brought = plan.brought(entry);
    if (module.isPresent()) {
      TensorFile file = brought.isPresent() ? adapter.file() : source;
      boolean transposed = plan.isTransposed(module.get(), entry);
      return new TensorMerge(file, plan.values(entry), entry, adapter, module.get(), transposed)
          .write(writer);
    }
    if (brought.isPresent()) {
      writer.write(entry.name(), adapter.read(brought.get())); // rounded to the base's type
    } else {
      writer.copy(entry.name(), source, plan.values(entry));
    }
    return MergeTally.copied();
  }

  /**
   * Writes everything but the weights: what the base has of it, unchanged but for the number of
   * tokens in {@code config.json}, where the adapter brings another, and that the head is not the
   * embedding, where the adapter makes it another. The tokenizer is the base's.
   */
  public void writeCompanions(Path directory) throws IOException {
    base.copyCompanions(directory, plan.added());
    Optional<ModelConfig> config = plan.config();
    if (config.isPresent()) {
      config.get().write(directory);
    }
  }

  @Override
  public void close() throws IOException {
    base.close();
    adapter.close();
  }
}
