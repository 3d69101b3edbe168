package dev.cantilever.nn;

import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The weights of a norm of the checkpoint, frozen, and what adapters change of them: to its bias
 * each may add; one may hold the norm whole, as what its own weights are more than the base's.
 */
public final class NormTarget {

  private final String path;
  private final Tensor gamma;
  private final float offset;
  private final Optional<Tensor> beta;
  private final List<BiasBranch> biases = new ArrayList<>();
  private final Replaceable<Optional<Scale>> scales = new Replaceable<>(Optional.empty());
  private final Replaceable<Optional<BiasBranch>> shifts = new Replaceable<>(Optional.empty());

  /**
   * What an adapter's own factors are more than the base's.
   *
   * @param change [C] F32
   * @param one [C] F32, ones
   */
  record Scale(BiasBranch change, Tensor one) {}

  /**
   * Wraps weights.
   *
   * @param path of the norm in the checkpoint
   * @param gamma [C]
   * @param offset what gamma is more than what the checkpoint has
   * @param beta [C], or nothing
   */
  public NormTarget(String path, Tensor gamma, float offset, Optional<Tensor> beta) {
    this.path = path;
    this.gamma = gamma;
    this.offset = offset;
    this.beta = beta;
  }

  /** Module path of the norm in the checkpoint, which adapters are matched against. */
  public String path() {
    return path;
  }

  /** The frozen factors, [C]. */
  public Tensor gamma() {
    return gamma;
  }

  /** What they are more than what the checkpoint has. */
  public float offset() {
    return offset;
  }

  /** The frozen bias, [C]. */
  public Optional<Tensor> beta() {
    return beta;
  }

  /** Attaches a trained bias; it acts in spans that name its adapter. */
  public void attach(BiasBranch branch) {
    biases.add(branch);
  }

  /**
   * Attaches the factors of an adapter that holds the norm whole; where several do, those attached
   * last act.
   *
   * @param change what they are more than the base's
   * @param one [C], ones
   */
  public void attachScale(BiasBranch change, Tensor one) {
    scales.replace(change.adapter(), Optional.of(new Scale(change, one)));
  }

  /**
   * Attaches the bias of an adapter that holds the norm whole; where several do, that attached last
   * acts.
   *
   * @param change what it is more than the base's
   */
  public void attachShift(BiasBranch change) {
    shifts.replace(change.adapter(), Optional.of(change));
  }

  /** Whether an adapter of this name has attached anything. */
  public boolean isAttached(String adapter) {
    return biases.stream().anyMatch(branch -> branch.adapter().equals(adapter))
        || scales.isAttached(adapter);
  }

  /** Whether some adapter holds it whole. */
  public boolean isReplaced() {
    return scales.isReplaced();
  }

  /** Detaches what is an adapter's. */
  public void detach(String adapter) {
    biases.removeIf(branch -> branch.adapter().equals(adapter));
    shifts.detach(adapter);
    scales.detach(adapter);
  }

  /** Whether something acts on some row of a batch. */
  boolean acts(Pass pass) {
    return pass.batch().spans().stream()
        .anyMatch(span -> !on(pass, span).biases().isEmpty() || scale(span).isPresent());
  }

  /** Whether something that acts on some row of a batch is trained. */
  boolean trains(Pass pass) {
    return pass.batch().spans().stream()
        .anyMatch(
            span ->
                on(pass, span).biases().stream().anyMatch(BiasBranch::trainable)
                    || scale(span).filter(scale -> scale.change().trainable()).isPresent());
  }

  /** The biases that act on a span: those that are added, and that of a norm held whole. */
  SpanBiases on(Pass pass, Span span) {
    List<BiasBranch> all = new ArrayList<>(biases);
    shifts.acting(span.adapters()).ifPresent(all::add);
    return SpanBiases.acting(pass, span, all);
  }

  /** The factors that act on a span. */
  Optional<Scale> scale(Span span) {
    return scales.acting(span.adapters());
  }
}
