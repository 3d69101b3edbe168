package dev.cantilever.model;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.Attention;
import dev.cantilever.nn.BranchNorms;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Embeddings;
import dev.cantilever.nn.HeadNorm;
import dev.cantilever.nn.LayerNorm;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.Mlp;
import dev.cantilever.nn.Norm;
import dev.cantilever.nn.NormBias;
import dev.cantilever.nn.PositionTerms;
import dev.cantilever.nn.ResidualLayout;
import dev.cantilever.nn.RmsNorm;
import dev.cantilever.nn.TransformerBlock;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Builds a model from a description and a source of weights: checks every tensor's shape against
 * the description, brings weights to the device and quantises them matrix by matrix. All of it is
 * there when a model is returned.
 */
public final class ModelLoader {

  private final WeightSource source;
  private final ArchitectureFamily family;
  private final Architecture architecture;
  private final CheckpointNames names;
  private final WeightLoader weights;
  private final List<LoraTarget> targets = new ArrayList<>();

  /**
   * Prepares to load; nothing is read but the config.
   *
   * @param base arena of the weights; {@link WeightBytes} says its size
   * @param panels arena of unpacked weights for the CPU's product, or empty to go without
   */
  public ModelLoader(
      Backend backend,
      WeightSource source,
      BasePrecision precision,
      Arena base,
      Optional<Arena> panels) {
    this.source = source;
    ModelConfig config = source.config();
    this.family = Families.of(config);
    this.architecture = family.architecture(config);
    this.names = family.names();
    this.weights = new WeightLoader(backend, source, precision, base, panels);
  }

  /** Prepares to load a checkpoint, which stays open until it is loaded. */
  public ModelLoader(
      Backend backend,
      ModelDirectory directory,
      BasePrecision precision,
      Arena base,
      Optional<Arena> panels) {
    this(backend, WeightSource.of(directory), precision, base, panels);
  }

  /** The description that is loaded by. */
  public Architecture architecture() {
    return architecture;
  }

  /**
   * Loads a causal language model.
   *
   * @throws CheckpointException if the family has no language head, or a tensor is missing or wrong
   */
  public CausalLm causalLm() throws IOException {
    String head = CheckpointHeads.language(source);
    Transformer transformer = transformer();
    String matrix = architecture.head().tied() ? names.tokens() : head;
    Optional<String> bias = architecture.head().bias() ? Optional.of(head) : Optional.empty();
    Weight weight =
        weights.head(matrix, bias, architecture.embedding().vocabSize(), architecture.outputSize());
    weights.finish();
    return new CausalLm(transformer, new Linear(head, weight));
  }

  /** Loads a sequence classifier or reward model. */
  public SequenceClassifier classifier() throws IOException {
    CheckpointHeads.labels(source);
    SequenceClassifier classifier = classifier(transformer());
    weights.finish();
    return classifier;
  }

  private SequenceClassifier classifier(Transformer transformer) throws IOException {
    int hidden = architecture.outputSize();
    Optional<Linear> dense = Optional.empty();
    if (names.classifier().hidden().isPresent()) {
      String path = names.classifier().hidden().get();
      dense = Optional.of(new Linear(path, weights.dense(path, hidden, hidden, true)));
    }
    ClassifierSpec spec = architecture.classifier();
    String path = names.classifier().output();
    Linear output =
        new Linear(path, weights.dense(path, spec.labels().size(), hidden, spec.bias()));
    return new SequenceClassifier(transformer, dense, output);
  }

  private Transformer transformer() throws IOException {
    EmbeddingSpec spec = architecture.embedding();
    int hidden = architecture.hiddenSize();
    Optional<Tensor> positions = Optional.empty();
    if (spec.learnedPositions()) {
      String path = names.positions().orElseThrow();
      int rows = spec.unusedPositions() + spec.maxPositions();
      int width = spec.projection() == EmbeddingProjection.OF_SUM ? spec.size() : hidden;
      positions = Optional.of(weights.table(path, rows, width).slice(spec.unusedPositions(), rows));
    }
    Optional<Tensor> types = Optional.empty();
    if (spec.tokenTypes() > 0) {
      String path = names.tokenTypes().orElseThrow();
      types = Optional.of(weights.table(path, spec.tokenTypes(), spec.size()));
    }
    Optional<Norm> norm = Optional.empty();
    if (spec.norm()) {
      norm = Optional.of(norm(names.embeddingNorm().orElseThrow()));
    }
    Tensor tokens = weights.table(names.tokens(), spec.vocabSize(), spec.size());
    Optional<Linear> projectionIn = projection(names.projectionIn(), hidden, spec.size());
    Embeddings embeddings =
        new Embeddings(
            new EmbeddingTable(names.tokens(), tokens),
            HalfPrecision.rounded(spec.scale(), tokens.dtype()),
            projectionIn,
            positions,
            types,
            norm);
    Optional<RelativePositions> relative = Optional.empty();
    if (architecture.relative().isPresent()) {
      relative = Optional.of(RelativePositions.load(weights, architecture, names));
    }
    List<TransformerBlock> blocks = new ArrayList<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      blocks.add(block(layer, names.block().apply(layer), relative));
    }
    Optional<Norm> finalNorm = Optional.empty();
    if (architecture.finalNorm()) {
      finalNorm = Optional.of(norm(names.finalNorm().orElseThrow()));
    }
    Optional<Linear> projectionOut =
        projection(names.projectionOut(), architecture.outputSize(), hidden);
    return new Transformer(architecture, embeddings, blocks, finalNorm, projectionOut, targets);
  }

  private Optional<Linear> projection(Optional<String> path, int out, int in) throws IOException {
    return out == in
        ? Optional.empty()
        : Optional.of(
            linear(List.of(path.orElseThrow()), List.of(out), in, false, WeightRole.PROJECTION));
  }

  private Norm norm(String path) throws IOException {
    NormSpec spec = architecture.block().norm();
    int size = architecture.hiddenSize();
    return switch (spec.kind()) {
      case LAYER -> {
        Tensor scale = weights.normScale(path, size);
        Tensor shift = weights.shift(path, size);
        yield new LayerNorm(scale, shift, spec.eps(), Optional.of(new NormBias(path, shift)));
      }
      case PLAIN_LAYER ->
          new LayerNorm(
              weights.constant(size, 1), weights.constant(size, 0), spec.eps(), Optional.empty());
      case RMS -> new RmsNorm(weights.normScale(path, size), spec.eps());
      case RMS_OFFSET -> new RmsNorm(weights.offsetScale(path, size), spec.eps());
    };
  }

  private TransformerBlock block(int layer, BlockNames paths, Optional<RelativePositions> relative)
      throws IOException {
    BlockSpec spec = architecture.block();
    AttentionSpec attention = spec.attention(layer);
    MlpSpec mlp = spec.mlp();
    int hidden = architecture.hiddenSize();
    Linear qkv =
        linear(
            paths.qkv(),
            List.of(attention.outputSize(), attention.cacheSize(), attention.cacheSize()),
            hidden,
            spec.bias() != AttentionBias.NONE,
            WeightRole.PROJECTION);
    Optional<PositionTerms> positionTerms = Optional.empty();
    if (relative.isPresent()) {
      positionTerms = Optional.of(relative.get().terms(weights, layer, qkv.weight()));
      // An adapter on these would act on positions too, which belong to no row of a batch.
      targets.removeIf(target -> target.linear() == qkv && relative.get().sharesProjections());
    }
    Linear output =
        linear(
            List.of(paths.attentionOutput()),
            List.of(hidden),
            attention.outputSize(),
            spec.bias() == AttentionBias.ALL,
            WeightRole.RESIDUAL_PROJECTION);
    Linear up =
        linear(
            paths.up(),
            mlp.gated() ? List.of(mlp.innerSize(), mlp.innerSize()) : List.of(mlp.innerSize()),
            hidden,
            mlp.bias(),
            WeightRole.PROJECTION);
    Linear down =
        linear(
            List.of(paths.down()),
            List.of(hidden),
            mlp.innerSize(),
            mlp.bias(),
            WeightRole.RESIDUAL_PROJECTION);
    Norm first = norm(paths.attentionNorm());
    Norm second = paths.mlpNorm().equals(paths.attentionNorm()) ? first : norm(paths.mlpNorm());
    return new TransformerBlock(
        spec.residual(),
        first,
        new Attention(layer, attention, qkv, headNorm(paths.headNorms()), output, positionTerms),
        second,
        new Mlp(up, mlp.activation(), mlp.gated(), down),
        branchNorms(paths.branchNorms()));
  }

  private Optional<BranchNorms> branchNorms(List<String> paths) throws IOException {
    if (architecture.block().residual() != ResidualLayout.BRANCH_NORM) {
      return Optional.empty();
    }
    return Optional.of(new BranchNorms(norm(paths.get(0)), norm(paths.get(1))));
  }

  private Optional<HeadNorm> headNorm(List<String> paths) throws IOException {
    BlockSpec spec = architecture.block();
    if (!spec.headNorms()) {
      return Optional.empty();
    }
    int size = spec.attention().headSize();
    Tensor queries = weights.normScale(paths.get(0), size);
    Tensor keys = weights.normScale(paths.get(1), size);
    return Optional.of(new HeadNorm(queries, keys, spec.norm().eps()));
  }

  /**
   * A linear layer of several parts, which the checkpoint has as a module each or as one.
   *
   * @param paths a module a part, or one of all
   * @param parts outputs of each part
   */
  private Linear linear(
      List<String> paths, List<Integer> parts, int in, boolean bias, WeightRole role)
      throws IOException {
    List<Integer> widths =
        paths.size() == 1 ? List.of(parts.stream().mapToInt(Integer::intValue).sum()) : parts;
    List<LinearPart> modules = new ArrayList<>();
    for (int part = 0; part < paths.size(); part++) {
      String path = paths.get(part);
      modules.add(new LinearPart(path, widths.get(part), family.storage(architecture, path)));
    }
    Linear linear = new Linear(paths.get(0), weights.linear(modules, in, bias, role));
    int column = 0;
    for (LinearPart part : modules) {
      targets.add(new LoraTarget(part.path(), linear, column, part.width(), part.storage()));
      column += part.width();
    }
    return linear;
  }
}
