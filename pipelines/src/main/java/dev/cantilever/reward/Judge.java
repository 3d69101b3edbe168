package dev.cantilever.reward;

import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.ModelRef;
import java.io.Serializable;

/**
 * A classifier in its place.
 *
 * @param device where it computes
 * @param model the classifier
 * @param label name of the label whose logit is the reward
 * @param maxTokens most tokens of a text
 */
public record Judge(DeviceSpec device, ModelRef model, String label, int maxTokens)
    implements Serializable {}
