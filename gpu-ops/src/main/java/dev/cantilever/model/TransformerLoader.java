package dev.cantilever.model;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.DistanceBias;
import dev.cantilever.nn.Attention;
import dev.cantilever.nn.BranchNorms;
import dev.cantilever.nn.Convolution;
import dev.cantilever.nn.CrossAttention;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Embeddings;
import dev.cantilever.nn.HeadNorm;
import dev.cantilever.nn.LayerNorm;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.Mlp;
import dev.cantilever.nn.Norm;
import dev.cantilever.nn.NormTarget;
import dev.cantilever.nn.PositionTable;
import dev.cantilever.nn.PositionTerms;
import dev.cantilever.nn.ResidualLayout;
import dev.cantilever.nn.RmsNorm;
import dev.cantilever.nn.TransformerBlock;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Builds everything before a head from a description and a source of weights, and lists the layers
 * that adapters may be attached to. Used once.
 */
final class TransformerLoader {

  private final ArchitectureFamily family;
  private final Architecture architecture;
  private final CheckpointNames names;
  private final String table;
  private final WeightLoader weights;
  private final List<LoraTarget> targets = new ArrayList<>();
  private final List<String> frozen = new ArrayList<>();

  /**
   * Prepares to load.
   *
   * @param table path of the module that holds the token embedding
   */
  TransformerLoader(
      ArchitectureFamily family, Architecture architecture, String table, WeightLoader weights) {
    this.family = family;
    this.architecture = architecture;
    this.names = family.names();
    this.table = table;
    this.weights = weights;
  }

  /** Loads an encoder first, if there is one. */
  Transformer transformer() throws IOException {
    Embeddings embeddings = embeddings();
    Optional<Transformer> encoder = Optional.empty();
    Optional<EmbeddingTable> unread = Optional.empty();
    if (architecture.encoder().isPresent()) {
      EncoderNames read = family.encoderNames().orElseThrow();
      Embeddings shared = embeddings;
      unread = Optional.of(shared.tokens());
      frozen.add(names.tokens());
      encoder =
          Optional.of(encoder(architecture.encoder().get().stack(), own(shared, read.tokens())));
      embeddings = own(shared, read.decoderTokens());
    }
    List<TransformerBlock> blocks = blocks(architecture, names.block());
    Optional<Norm> finalNorm = Optional.empty();
    if (architecture.finalNorm()) {
      finalNorm = Optional.of(norm(names.finalNorm().orElseThrow()));
    }
    Optional<Linear> projectionOut =
        projection(names.projectionOut(), architecture.outputSize(), architecture.hiddenSize());
    return new Transformer(
        architecture,
        encoder,
        embeddings,
        unread,
        blocks,
        convolution(),
        finalNorm,
        projectionOut,
        targets,
        frozen);
  }

  /** Embeddings of tokens under another name, with its own contents if it has such. */
  private Embeddings own(Embeddings shared, String path) throws IOException {
    Tensor values = weights.ownTable(table, shared.tokens().values(), path);
    return shared.withTokens(new EmbeddingTable(path, values));
  }

  private Transformer encoder(Architecture stack, Embeddings embeddings) throws IOException {
    EncoderNames read = family.encoderNames().orElseThrow();
    List<TransformerBlock> blocks = blocks(stack, read.block());
    Optional<Norm> finalNorm = Optional.of(norm(read.finalNorm()));
    return new Transformer(
        stack,
        Optional.empty(),
        embeddings,
        Optional.empty(),
        blocks,
        Optional.empty(),
        finalNorm,
        Optional.empty(),
        List.of(),
        List.of());
  }

  private Embeddings embeddings() throws IOException {
    EmbeddingSpec spec = architecture.embedding();
    int hidden = architecture.hiddenSize();
    Optional<PositionTable> positions = Optional.empty();
    if (spec.learnedPositions()) {
      int rows = spec.unusedPositions() + spec.maxPositions();
      int width = spec.projection() == EmbeddingProjection.OF_SUM ? spec.size() : hidden;
      EmbeddingTable of = embedding(names.positions(), rows, width);
      positions = Optional.of(new PositionTable(of, spec.unusedPositions()));
    }
    Optional<EmbeddingTable> types = Optional.empty();
    if (spec.tokenTypes() > 0) {
      types = Optional.of(embedding(names.tokenTypes(), spec.tokenTypes(), spec.size()));
    }
    Optional<Norm> norm = Optional.empty();
    if (spec.norm()) {
      norm = Optional.of(norm(names.embeddingNorm().orElseThrow()));
    }
    Tensor tokens = weights.table(table, spec.vocabSize(), spec.size());
    Optional<Linear> projectionIn = projection(names.projectionIn(), hidden, spec.size());
    return new Embeddings(
        new EmbeddingTable(names.tokens(), tokens),
        spec.scale(),
        projectionIn,
        positions,
        types,
        norm);
  }

  private EmbeddingTable embedding(Optional<String> path, int rows, int width) throws IOException {
    return new EmbeddingTable(path.orElseThrow(), weights.table(path.get(), rows, width));
  }

  private List<TransformerBlock> blocks(Architecture stack, IntFunction<BlockNames> paths)
      throws IOException {
    Optional<RelativePositions> relative = Optional.empty();
    if (stack.relative().isPresent()) {
      relative = Optional.of(RelativePositions.load(weights, stack, names));
    }
    Optional<DistanceBias> bias = Optional.empty();
    if (stack.block().distances().isPresent()) {
      String table = paths.apply(0).distanceBias().orElseThrow();
      frozen.add(table);
      bias = Optional.of(weights.distanceBias(table, stack.block()));
    }
    List<TransformerBlock> blocks = new ArrayList<>();
    for (int layer = 0; layer < stack.layers(); layer++) {
      blocks.add(block(stack, layer, paths.apply(layer), relative, bias));
    }
    return blocks;
  }

  private Optional<Convolution> convolution() throws IOException {
    if (architecture.convolution().isEmpty()) {
      return Optional.empty();
    }
    ConvolutionSpec spec = architecture.convolution().get();
    ConvolutionNames paths = names.convolution().orElseThrow();
    String path = paths.convolution();
    Linear linear = new Linear(path, weights.convolution(path, architecture.hiddenSize(), spec));
    return Optional.of(
        new Convolution(linear, spec.kernel(), spec.activation(), norm(paths.norm())));
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
        NormTarget target = new NormTarget(path, scale, 0, Optional.of(shift));
        yield new LayerNorm(scale, shift, spec.eps(), Optional.of(target));
      }
      case PLAIN_LAYER ->
          new LayerNorm(
              weights.constant(size, 1), weights.constant(size, 0), spec.eps(), Optional.empty());
      case RMS -> rmsNorm(path, weights.normScale(path, size), 0);
      case RMS_OFFSET -> rmsNorm(path, weights.offsetScale(path, size), 1);
    };
  }

  private Norm rmsNorm(String path, Tensor scale, float offset) {
    NormTarget target = new NormTarget(path, scale, offset, Optional.empty());
    return new RmsNorm(scale, architecture.block().norm().eps(), Optional.of(target));
  }

  private TransformerBlock block(
      Architecture stack,
      int layer,
      BlockNames paths,
      Optional<RelativePositions> relative,
      Optional<DistanceBias> bias)
      throws IOException {
    BlockSpec spec = stack.block();
    AttentionSpec plain = spec.attention(layer);
    AttentionSpec attention =
        bias.map(table -> plain.withScores(plain.scores().withBias(table))).orElse(plain);
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
        branchNorms(paths.branchNorms()),
        cross(stack, layer));
  }

  /** The cross-attention of a decoder's block. */
  private Optional<CrossAttention> cross(Architecture stack, int layer) throws IOException {
    if (stack.encoder().isEmpty()) {
      return Optional.empty();
    }
    EncoderSpec read = stack.encoder().get();
    AttentionSpec spec = read.cross();
    CrossNames paths = family.encoderNames().orElseThrow().cross().apply(layer);
    int hidden = stack.hiddenSize();
    boolean bias = stack.block().bias() != AttentionBias.NONE;
    Norm norm = norm(paths.norm());
    Linear queries =
        linear(
            List.of(paths.queries()),
            List.of(spec.outputSize()),
            hidden,
            bias,
            WeightRole.PROJECTION);
    Linear keysValues =
        linear(
            paths.keysValues(),
            List.of(spec.cacheSize(), spec.cacheSize()),
            read.stack().hiddenSize(),
            bias,
            WeightRole.PROJECTION);
    Linear output =
        linear(
            List.of(paths.output()),
            List.of(hidden),
            spec.outputSize(),
            stack.block().bias() == AttentionBias.ALL,
            WeightRole.RESIDUAL_PROJECTION);
    return Optional.of(new CrossAttention(layer, spec, norm, queries, keysValues, output));
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
    frozen.addAll(paths);
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
