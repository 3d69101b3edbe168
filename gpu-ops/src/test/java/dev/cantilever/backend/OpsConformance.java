package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the suites of all families share: a backend and an arena for each test, and after it the
 * guard bands whole, every arena closed and the device at zero bytes. A suite is inherited by one
 * class per backend, which only says how to open it.
 */
public abstract class OpsConformance {

  private static final long SEED = 20_240_517;

  protected Backend backend;
  protected Arena arena;
  protected TestTensors tensors;

  /** Opens the backend under test; the suite closes it. */
  protected abstract Backend open();

  @BeforeEach
  public final void openBackend() {
    backend = open();
    arena = backend.budget().open("test", Purpose.ACTIVATION);
    tensors = new TestTensors(backend, arena, SEED);
  }

  /**
   * What a call throws that finds something wrong with values: at once, or on a device that
   * computes behind its caller's back, at the latest when that is waited for.
   */
  protected final AbstractThrowableAssert<?, ? extends Throwable> assertFoundInValues(
      ThrowingCallable call) {
    return assertThatThrownBy(
        () -> {
          call.call();
          backend.synchronize();
        });
  }

  /** A call refuses a tensor for its shape or type. */
  protected static void assertShape(Runnable call, String tensor) {
    assertThatThrownBy(call::run)
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected " + tensor);
  }

  @AfterEach
  public final void closeBackend_leavesNothing() {
    try {
      tensors.verifyGuards();
    } finally {
      arena.close();
      backend.close();
    }
    assertThat(backend.budget().openArenas()).isEmpty();
    assertThat(backend.budget().liveBytes()).isZero();
  }
}
