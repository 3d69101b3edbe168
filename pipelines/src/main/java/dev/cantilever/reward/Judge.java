package dev.cantilever.reward;

import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.ModelRef;
import dev.cantilever.hub.CheckpointException;
import java.io.Serializable;
import java.util.List;

/**
 * A classifier in its place.
 *
 * @param device where it computes
 * @param model the classifier
 * @param label name of the label whose logit is the reward
 * @param maxTokens most tokens of a text
 */
public record Judge(DeviceSpec device, ModelRef model, String label, int maxTokens)
    implements Serializable {

  /**
   * Which of the classifier's outputs is the reward; the only one, where it has but one.
   *
   * @param labels the classifier's, in the order of its outputs
   * @throws CheckpointException if none has the label's name
   */
  public int rewarded(List<String> labels) {
    int rewarded = labels.size() == 1 ? 0 : labels.indexOf(label);
    if (rewarded < 0) {
      throw new CheckpointException(
          "%s: expected a label '%s' to reward, found %s. Set reward.label to one of these."
              .formatted(model.path().resolve("config.json"), label, labels));
    }
    return rewarded;
  }
}
