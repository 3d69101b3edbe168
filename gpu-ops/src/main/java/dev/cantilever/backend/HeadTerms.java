package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Optional;

/**
 * What an output head gives with its low-rank terms, and back, of some tokens and entries: composed
 * of a backend's other operations, for its {@link LossOps}. A term with lengths makes z of the z
 * before it, so gradients go through the terms from the last to the first.
 */
public final class HeadTerms {

  /** Adds to the gradients of a head's matrix and bias, of the entries at hand. */
  public interface Sums {

    /**
     * Adds.
     *
     * @param dy [n, E] F32, gradients of what the head gives
     * @param hidden [n, C] F32
     */
    void add(HeadGradient target, Tensor dy, Tensor hidden);
  }

  private final MatmulOps matmul;
  private final ActivationOps activation;

  /** By these operations. */
  public HeadTerms(MatmulOps matmul, ActivationOps activation) {
    this.matmul = matmul;
    this.activation = activation;
  }

  /** How many matrices [n, E] {@link #give} needs, its result among them. */
  public static int matrices(HeadInput head) {
    return head.terms().stream().anyMatch(HeadTerm::drops) ? 2 : 1;
  }

  /** How many {@link #takeBack} needs, the gradients among them. */
  public static int matricesBack(HeadInput head) {
    return lengthens(head) ? 2 : 1;
  }

  private static boolean lengthens(HeadInput head) {
    return head.terms().stream().anyMatch(term -> term.lengths().isPresent());
  }

  /**
   * Writes what a head gives.
   *
   * @param y [n, E] F32
   * @param room [n, E] F32, overwritten, or y itself if there need be no second
   */
  public void give(Tensor y, HeadInput head, Tensor room) {
    matmul.linear(y, head.hidden(), head.weight());
    head.terms().forEach(term -> add(term, y, head.weight(), room, true));
  }

  private void add(HeadTerm term, Tensor y, Weight weight, Tensor room, boolean biased) {
    matmul.project(y, 0, term.low(), term.b(), 1, true);
    if (term.lengths().isPresent()) {
      HeadLengths lengths = term.lengths().get();
      Tensor z = y;
      if (lengths.dropped().isPresent()) {
        z = room;
        matmul.linear(z, lengths.dropped().get(), biased ? weight : weight.withoutBias());
        matmul.project(z, 0, term.low(), term.b(), 1, true);
      }
      Tensor shift = biased ? lengths.excessShift() : lengths.zero();
      activation.affineColumns(y, z, 0, lengths.excess(), shift, true);
    }
  }

  /**
   * Takes gradients back.
   *
   * @param dHidden [n, C] F32
   * @param dHead added to, but for what its terms overwrite
   * @param dy [n, E] F32, gradients of what the head gives; overwritten
   * @param room [n, E] F32, overwritten, or dy itself if there need be no second
   * @param further whether what is overwritten holds what entries before these have given
   */
  public void takeBack(
      Tensor dHidden,
      HeadGradient dHead,
      HeadInput head,
      Tensor dy,
      Tensor room,
      Sums sums,
      boolean further) {
    if (lengthens(head)) {
      sums.add(new HeadGradient(Optional.empty(), dHead.bias()), dy, head.hidden());
    } else {
      sums.add(dHead, dy, head.hidden());
    }
    for (int k = head.terms().size() - 1; k >= 0; k--) {
      takeBack(k, dHead, head, dy, room, sums, further);
    }
    if (lengthens(head)) {
      sums.add(new HeadGradient(dHead.matrix(), Optional.empty()), dy, head.hidden());
    }
    matmul.linearInputGradient(dHidden, dy, head.weight(), further);
  }

  /** Through one term: dy is the gradient of what it made, then of what it made it of. */
  private void takeBack(
      int k,
      HeadGradient dHead,
      HeadInput head,
      Tensor dy,
      Tensor room,
      Sums sums,
      boolean further) {
    HeadTerm term = head.terms().get(k);
    HeadTermGradient gradient = dHead.terms().get(k);
    Tensor d = dy;
    if (term.lengths().isPresent()) {
      HeadLengths lengths = term.lengths().get();
      if (gradient.dLengths().isPresent()) {
        productUpTo(k, head, room);
        activation.multiply(room, room, dy);
        activation.affineColumns(room, room, 0, lengths.inverseNorm(), lengths.zero(), false);
        sums.add(new HeadGradient(Optional.empty(), gradient.dLengths()), room, head.hidden());
      }
      if (term.drops()) {
        Tensor dDropped = gradient.dDropped().orElseThrow();
        activation.affineColumns(room, dy, 0, lengths.excess(), lengths.zero(), false);
        Tensor dropped = lengths.dropped().orElseThrow();
        sums.add(new HeadGradient(dHead.matrix(), Optional.empty()), room, dropped);
        matmul.linearInputGradient(dDropped, room, head.weight(), further);
        d = room;
      }
      activation.affineColumns(d, dy, 0, lengths.gain(), lengths.zero(), false);
    }
    sums.add(new HeadGradient(gradient.dB(), Optional.empty()), d, term.low());
    matmul.projectInputGradient(gradient.dLow(), d, 0, term.b(), 1, further);
  }

  /** What the lengths of term k are multiplied with: z without the bias. */
  private void productUpTo(int k, HeadInput head, Tensor z) {
    HeadTerm last = head.terms().get(k);
    Weight weight = head.weight().withoutBias();
    boolean drops = last.drops();
    Tensor input = drops ? last.lengths().orElseThrow().dropped().orElseThrow() : head.hidden();
    matmul.linear(z, input, weight);
    List<HeadTerm> before = drops ? List.of() : head.terms().subList(0, k);
    before.forEach(term -> add(term, z, weight, z, false));
    matmul.project(z, 0, last.low(), last.b(), 1, true);
  }
}
