package dev.cantilever.backend;

import static dev.cantilever.backend.ArgumentShapes.F32;
import static dev.cantilever.backend.ArgumentShapes.F64;
import static dev.cantilever.backend.ArgumentShapes.I32;
import static dev.cantilever.backend.ArgumentShapes.axes;
import static dev.cantilever.backend.ArgumentShapes.require;

import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;

/**
 * The shapes and element types that the operations of {@link LossOps} demand, as those of {@link
 * OpChecks}.
 */
public final class LossChecks {

  private LossChecks() {}

  /** {@link LossOps#tokenLogprobs}. */
  public static void tokenLogprobs(
      Tensor logprobs, Tensor entropy, Tensor normalizers, HeadInput head, Tensor targets) {
    long m = head("tokenLogprobs", "hidden", "head", head);
    require("tokenLogprobs", "targets", targets, I32, "M", m);
    require("tokenLogprobs", "logprobs", logprobs, F32, "M", m);
    require("tokenLogprobs", "entropy", entropy, F32, "M", m);
    require("tokenLogprobs", "normalizers", normalizers, F64, "M, 2", m, 2);
  }

  /** {@link LossOps#tokenLogprobsBackward}. */
  public static void tokenLogprobsBackward(
      Tensor dHidden,
      HeadGradient dHead,
      Tensor dLogprobs,
      Tensor normalizers,
      HeadInput head,
      Tensor targets) {
    String op = "tokenLogprobsBackward";
    long m = head(op, "hidden", "head", head);
    int entries = head.entries();
    int size = head.weight().inFeatures();
    require(op, "dHidden", dHidden, F32, "M, C", m, size);
    if (dHead.matrix().isPresent()) {
      require(op, "matrix of dHead", dHead.matrix().get(), F32, "V, C", entries, size);
    }
    if (dHead.bias().isPresent()) {
      require(op, "bias of dHead", dHead.bias().get(), F32, "V", entries);
    }
    if (dHead.terms().size() != head.terms().size()) {
      throw new ShapeException(
          "%s: expected gradients of %d low-rank terms, got %d"
              .formatted(op, head.terms().size(), dHead.terms().size()));
    }
    for (int i = 0; i < head.terms().size(); i++) {
      long rank = head.terms().get(i).low().dim(1);
      HeadTermGradient gradient = dHead.terms().get(i);
      require(op, "dLow of term " + i, gradient.dLow(), F32, "M, R", m, rank);
      if (gradient.dB().isPresent()) {
        require(op, "dB of term " + i, gradient.dB().get(), F32, "V, R", entries, rank);
      }
      if (gradient.dLengths().isPresent()) {
        require(op, "dLengths of term " + i, gradient.dLengths().get(), F32, "V", entries);
      }
      if (gradient.dDropped().isPresent()) {
        require(op, "dDropped of term " + i, gradient.dDropped().get(), F32, "M, C", m, size);
      }
      boolean lengthens = head.terms().get(i).lengths().isPresent();
      boolean droppedBefore = head.terms().subList(0, i).stream().anyMatch(HeadTerm::drops);
      if (gradient.dLengths().isPresent() && droppedBefore && !head.terms().get(i).drops()) {
        throw new ShapeException(
            "%s: expected dropped hidden states of term %d, as of one before it, or no gradient of its lengths, got neither. Give the adapters of a head the same dropout, or none."
                .formatted(op, i));
      }
      if (gradient.dDropped().isPresent() != head.terms().get(i).drops()
          || (gradient.dLengths().isPresent() && !lengthens)) {
        throw new ShapeException(
            "%s: expected gradients of lengths and of dropped hidden states where term %d has such, got %s of %s"
                .formatted(op, i, gradient, head.terms().get(i)));
      }
    }
    require(op, "targets", targets, I32, "M", m);
    require(op, "dLogprobs", dLogprobs, F32, "M", m);
    require(op, "normalizers", normalizers, F64, "M, 2", m, 2);
  }

  /** {@link LossOps#fullKl}. */
  public static void fullKl(Tensor kl, HeadInput p, HeadInput q) {
    long m = head("fullKl", "hiddenP", "headP", p);
    OpChecks.weight("fullKl", "headQ", q.weight());
    require("fullKl", "hiddenQ", q.hidden(), F32, "M, C", m, p.weight().inFeatures());
    if (!storedAlike(p.weight(), q.weight())) {
      throw new ShapeException(
          "fullKl: expected headQ [V, C] of the size and type of headP, got %s and %s. Hold an adapter's own head as the base's is."
              .formatted(q.weight(), p.weight()));
    }
    terms("fullKl", q, m);
    if (HeadTerms.matrices(p) > 1 || HeadTerms.matrices(q) > 1) {
      throw new ShapeException(
          "fullKl: expected dropped hidden states of no term, got some. Drop nothing.");
    }
    require("fullKl", "kl", kl, F32, "M", m);
  }

  /** M of a head that is well made. */
  private static long head(String op, String hidden, String weight, HeadInput head) {
    OpChecks.weight(op, weight, head.weight());
    long m = axes(op, hidden, head.hidden(), F32, "M, C")[0];
    require(op, hidden, head.hidden(), F32, "M, C", m, head.weight().inFeatures());
    terms(op, head, m);
    return m;
  }

  private static void terms(String op, HeadInput head, long m) {
    for (int i = 0; i < head.terms().size(); i++) {
      HeadTerm term = head.terms().get(i);
      long rank = axes(op, "low of term " + i, term.low(), F32, "M, R")[1];
      require(op, "low of term " + i, term.low(), F32, "M, R", m, rank);
      require(op, "B of term " + i, term.b(), F32, "V, R", head.entries(), rank);
      if (term.lengths().isPresent()) {
        lengths(op, i, term.lengths().get(), head, m);
      }
    }
  }

  private static void lengths(String op, int i, HeadLengths lengths, HeadInput head, long m) {
    String term = " of term " + i;
    int v = head.entries();
    require(op, "gain" + term, lengths.gain(), F32, "V", v);
    require(op, "excess" + term, lengths.excess(), F32, "V", v);
    require(op, "excessShift" + term, lengths.excessShift(), F32, "V", v);
    require(op, "inverseNorm" + term, lengths.inverseNorm(), F32, "V", v);
    require(op, "zero" + term, lengths.zero(), F32, "V", v);
    if (lengths.dropped().isPresent()) {
      int size = head.weight().inFeatures();
      require(op, "dropped" + term, lengths.dropped().get(), F32, "M, C", m, size);
    }
  }

  private static boolean storedAlike(Weight one, Weight other) {
    boolean alike =
        one instanceof DenseWeight dense && other instanceof DenseWeight second
            ? dense.values().dtype() == second.values().dtype()
            : one instanceof Int8Weight && other instanceof Int8Weight;
    return alike
        && one.outFeatures() == other.outFeatures()
        && one.inFeatures() == other.inFeatures();
  }
}
