package dev.cantilever.rehearsal;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.model.Transformer;
import dev.cantilever.nn.CrossAttention;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.ResidualLayout;
import dev.cantilever.nn.TransformerBlock;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the linear layers that every token of one kind goes through consist of.
 *
 * @param elements of the base's matrices
 * @param bytes of these, as they are read
 * @param withoutGradient elements of those that read an embedding: before them nothing is trained,
 *     so nothing goes back through them
 * @param adapter elements of the adapter's matrices on them
 */
record StackWork(double elements, double bytes, double withoutGradient, double adapter) {

  /** Of no tokens. */
  static final StackWork NONE = new StackWork(0, 0, 0, 0);

  /** Of the tokens of a decoder, or of a model that has no encoder. */
  static StackWork ofDecoder(RehearsedPolicy policy) {
    List<TransformerBlock> blocks = policy.model().transformer().blocks();
    List<Linear> linears = new ArrayList<>();
    blocks.forEach(block -> linears.addAll(ofBlock(block)));
    blocks.stream()
        .flatMap(block -> block.cross().stream())
        .forEach(cross -> linears.addAll(List.of(cross.queries(), cross.output())));
    return of(policy, linears, blocks.get(0));
  }

  /** Of the tokens that an encoder reads, keys and values for the decoder among it. */
  static StackWork ofSource(RehearsedPolicy policy) {
    Transformer decoder = policy.model().transformer();
    if (decoder.encoder().isEmpty()) {
      return NONE;
    }
    List<TransformerBlock> blocks = decoder.encoder().get().blocks();
    List<Linear> linears = new ArrayList<>();
    blocks.forEach(block -> linears.addAll(ofBlock(block)));
    decoder.blocks().stream()
        .flatMap(block -> block.cross().stream())
        .map(CrossAttention::keysValues)
        .forEach(linears::add);
    return of(policy, linears, blocks.get(0));
  }

  private static List<Linear> ofBlock(TransformerBlock block) {
    return List.of(
        block.attention().qkv(), block.attention().output(), block.mlp().up(), block.mlp().down());
  }

  private static StackWork of(
      RehearsedPolicy policy, List<Linear> linears, TransformerBlock first) {
    List<String> modules =
        policy.model().transformer().targets().stream()
            .filter(target -> linears.stream().anyMatch(linear -> linear == target.linear()))
            .map(LoraTarget::path)
            .toList();
    Stream<Weight> reading =
        first.layout() == ResidualLayout.PARALLEL
            ? Stream.of(first.attention().qkv().weight(), first.mlp().up().weight())
            : Stream.of(first.attention().qkv().weight());
    return new StackWork(
        linears.stream().mapToDouble(linear -> elements(linear.weight())).sum(),
        linears.stream().mapToDouble(linear -> bytes(linear.weight())).sum(),
        reading.mapToDouble(StackWork::elements).sum(),
        policy.adapterElements(modules));
  }

  static double elements(Weight weight) {
    return (double) weight.outFeatures() * weight.inFeatures();
  }

  static double bytes(Weight weight) {
    return weight instanceof Int8Weight
        ? elements(weight) + (double) weight.outFeatures() * Float.BYTES
        : elements(weight) * ((DenseWeight) weight).values().dtype().bytes();
  }

  /**
   * Of a pass without gradients.
   *
   * @param adapted part of the tokens that the adapter acts on
   */
  PassWork forward(double tokens, double adapted) {
    return new PassWork(2 * tokens * (elements + adapted * adapter), bytes + adapter * Float.BYTES);
  }

  /** Gradients of inputs; of the adapter, those of its matrices too. */
  PassWork backward(double tokens) {
    double part = elements == 0 ? 0 : 1 - withoutGradient / elements;
    return new PassWork(
        2 * tokens * (elements - withoutGradient + 2 * adapter),
        bytes * part + adapter * Float.BYTES);
  }
}
