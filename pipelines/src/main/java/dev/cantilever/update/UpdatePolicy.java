package dev.cantilever.update;

import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.metrics.MetricName;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;

/**
 * Trains the policy on the rollouts of a committed manifest, whose path comes in; emits the path of
 * the state that this leaves. One element in, one out, on one worker.
 */
public final class UpdatePolicy extends PTransform<PCollection<String>, PCollection<String>> {

  /** Beam's counter of the nanoseconds for which this stage held the device. */
  public static final MetricName DEVICE_NANOS =
      MetricName.named(UpdatePolicy.class, "device_nanos");

  private static final long serialVersionUID = 1L;

  private final UpdateTask task;

  private UpdatePolicy(UpdateTask task) {
    this.task = task;
  }

  /** Updates as the task says. */
  public static UpdatePolicy as(UpdateTask task) {
    return new UpdatePolicy(task);
  }

  @Override
  public PCollection<String> expand(PCollection<String> manifests) {
    return manifests.apply("Update", ParDo.of(new UpdateFn(task))).setCoder(StringUtf8Coder.of());
  }
}
