package dev.cantilever.backend.cuda;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestTag;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Says at the end how many tests were not run for want of a device. */
public final class SkippedGpuTests implements TestExecutionListener {

  private static final TestTag TAG = TestTag.create(RequiresCuda.TAG);

  private final AtomicInteger skipped = new AtomicInteger();

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (test.isTest()
        && test.getTags().contains(TAG)
        && result.getStatus() == TestExecutionResult.Status.ABORTED) {
      skipped.incrementAndGet();
    }
  }

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    if (skipped.get() > 0) {
      System.out.printf("GPU tests not run: %d (no CUDA device)%n", skipped.get());
    }
  }
}
