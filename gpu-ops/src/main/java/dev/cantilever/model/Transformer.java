package dev.cantilever.model;

import dev.cantilever.adapter.AdapterTargets;
import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.nn.Convolution;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Embeddings;
import dev.cantilever.nn.EncodedRows;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.Norm;
import dev.cantilever.nn.NormTarget;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.PositionTable;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.nn.TransformerBlock;
import dev.cantilever.tensor.PackedRows;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything before the head; of an encoder-decoder, the decoder with its encoder.
 *
 * @param architecture the description
 * @param encoder what the blocks' cross-attention looks at, if they have some
 * @param embeddings the way in
 * @param unread a table of embeddings that the checkpoint has beside those of encoder and decoder,
 *     as peft sees it too
 * @param blocks the blocks
 * @param convolution of the embeddings, behind the first block
 * @param finalNorm the norm before the head, if there is one
 * @param projection [E, C] behind it, where the head reads another width
 * @param targets linear layers that adapters may be attached to
 * @param frozen paths of embeddings and norms that no adapter can change
 */
public record Transformer(
    Architecture architecture,
    Optional<Transformer> encoder,
    Embeddings embeddings,
    Optional<EmbeddingTable> unread,
    List<TransformerBlock> blocks,
    Optional<Convolution> convolution,
    Optional<Norm> finalNorm,
    Optional<Linear> projection,
    List<LoraTarget> targets,
    List<String> frozen) {

  /** Copies the lists. */
  public Transformer {
    blocks = List.copyOf(blocks);
    targets = List.copyOf(targets);
    frozen = List.copyOf(frozen);
  }

  /**
   * What heads read at selected tokens, [M, E]. Norm and head are run nowhere else, unless there is
   * a projection or an adapter acts on the norm: adapters act on the tokens of a batch, so these
   * are run at all of them. An encoder runs first, if the batch has something for it to read.
   *
   * <p>Without a cache rows go through it whole, in the {@linkplain #forRowsOf form} for their
   * length; with one, whoever keeps the cache knows their length and has chosen.
   *
   * @throws IllegalStateException naming the row, if rows go through it together that it does not
   *     {@linkplain Architecture#takesTogether take together}, or into a cache of another form
   */
  public Var forward(Pass pass, TokenSelection selection) {
    PackedRows rows = pass.batch().rows();
    requireTogether(rows);
    if (pass.cached().isEmpty()) {
      return forRowsOf(rows.length(0)).forwardAsIs(pass, selection);
    }
    requireForm(rows.length(0));
    return forwardAsIs(pass, selection);
  }

  private Var forwardAsIs(Pass pass, TokenSelection selection) {
    Pass informed = encoder.map(reader -> reader.read(pass)).orElse(pass);
    Var x = stream(informed);
    if (projection.isPresent()) {
      return selection.forward(pass, projection.get().forward(pass, Slot.BRANCH, last(pass, x)));
    }
    if (finalNorm.filter(norm -> norm.isAdapted(pass)).isPresent()) {
      return selection.forward(pass, last(pass, x));
    }
    return last(pass, selection.forward(pass, x));
  }

  /** The same, over the same weights, as {@link Architecture#forRowsOf} says. */
  Transformer forRowsOf(int tokens) {
    Architecture chosen = architecture.forRowsOf(tokens);
    if (chosen == architecture) {
      return this;
    }
    RotarySpec rotary = chosen.block().attention().rotary();
    return new Transformer(
        chosen,
        encoder,
        embeddings,
        unread,
        blocks.stream().map(block -> block.withRotary(rotary)).toList(),
        convolution,
        finalNorm,
        projection,
        targets,
        frozen);
  }

  private void requireForm(int tokens) {
    int longest = architecture.block().longestRow();
    if (tokens > longest) {
      throw new IllegalStateException(
          "Row 0: expected at most the %d tokens that this form of the model is for, got %d. Ask the model for the form for rows of that length."
              .formatted(longest, tokens));
    }
  }

  private void requireTogether(PackedRows rows) {
    int first = rows.length(0);
    for (int r = 1; r < rows.rows(); r++) {
      if (!architecture.takesTogether(first, rows.length(r))) {
        throw new IllegalStateException(
            "Row %d: expected a row that turns by the same table as row 0 of %d tokens, got %d tokens, where %d are the positions first trained on. Let them go through the model one after the other, or ask it for the form for rows of one length."
                .formatted(r, first, rows.length(r), architecture.block().longestRow()));
      }
    }
  }

  /** As an encoder: a decoder's pass with what its batch's source is made into, if it has one. */
  private Pass read(Pass pass) {
    Optional<TokenBatch> source = pass.batch().source();
    if (source.isEmpty()) {
      return pass;
    }
    Pass own = pass.over(source.get());
    Var states = finalNorm.orElseThrow().forward(own, Slot.SOURCE, stream(own));
    pass.tape().endBlock();
    return pass.reading(new EncodedRows(own, states));
  }

  /** The residual stream behind the last block. */
  private Var stream(Pass pass) {
    Var embedded = embeddings.forward(pass);
    Var x = embedded;
    for (int layer = 0; layer < blocks.size(); layer++) {
      x = blocks.get(layer).forward(pass, x);
      if (layer == 0 && convolution.isPresent()) {
        x = convolution.get().forward(pass, embedded, x);
      }
    }
    return x;
  }

  private Var last(Pass pass, Var x) {
    return finalNorm.map(norm -> norm.forward(pass, Slot.NORM, x)).orElse(x);
  }

  /** What adapters may be attached to; of norms each once, though parts may share it. */
  AdapterTargets targets(List<Linear> heads, boolean tied, boolean trainsHeads) {
    List<NormTarget> own = norms().flatMap(norm -> norm.target().stream()).distinct().toList();
    List<EmbeddingTable> tables =
        Stream.of(
                encoder.map(Transformer::embeddings).map(Embeddings::tokens).stream(),
                Stream.of(embeddings.tokens()),
                unread.stream(),
                embeddings.positions().filter(PositionTable::takesBranches).stream()
                    .map(PositionTable::table),
                embeddings.types().stream())
            .flatMap(part -> part)
            .toList();
    List<EmbeddingTable> wholeOnly =
        embeddings.positions().filter(table -> !table.takesBranches()).stream()
            .map(PositionTable::table)
            .toList();
    return new AdapterTargets(
        targets, own, tables, wholeOnly, heads, tied && isEmbeddingRead(), trainsHeads, frozen);
  }

  /** Whether the model's own embedding is the encoder's or the decoder's. */
  private boolean isEmbeddingRead() {
    if (unread.isEmpty()) {
      return true;
    }
    return Stream.concat(Stream.of(this), encoder.stream())
        .anyMatch(part -> part.embeddings.tokens().values() == unread.get().values());
  }

  private Stream<Norm> norms() {
    Stream<Norm> ofEncoder = encoder.stream().flatMap(Transformer::norms);
    Stream<Norm> ofBlocks = blocks.stream().flatMap(TransformerBlock::norms);
    return Stream.of(ofEncoder, embeddings.norm().stream(), ofBlocks, finalNorm.stream())
        .flatMap(part -> part);
  }
}
