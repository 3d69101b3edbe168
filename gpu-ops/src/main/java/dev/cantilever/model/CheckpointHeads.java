package dev.cantilever.model;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelDirectory;
import java.util.List;

/**
 * What a checkpoint can be used for, told from its description and the names of its tensors before
 * a weight is read.
 */
public final class CheckpointHeads {
  private CheckpointHeads() {}

  /**
   * The path of a language model's output layer.
   *
   * @throws CheckpointException if the checkpoint is of no known family, its description asks for
   *     what this project does not compute, or it has no such layer
   */
  public static String language(ModelDirectory directory) {
    return language(WeightSource.of(directory));
  }

  static String language(WeightSource source) {
    ArchitectureFamily family = Families.of(source.config());
    Architecture architecture = family.architecture(source.config());
    String head =
        family
            .names()
            .languageHead()
            .orElseThrow(
                () ->
                    new CheckpointException(
                        "%s: expected a language model, found model_type '%s'. Name a model that generates text."
                            .formatted(source.path(), architecture.modelType())));
    if (architecture.head().tying() == HeadTying.OWN) {
      source.require(head + ".weight");
    }
    return head;
  }

  /**
   * The labels of a sequence classifier or reward model, in the order of its outputs; throws as
   * {@link #language} does.
   */
  public static List<String> labels(ModelDirectory directory) {
    return labels(WeightSource.of(directory));
  }

  static List<String> labels(WeightSource source) {
    ArchitectureFamily family = Families.of(source.config());
    Architecture architecture = family.architecture(source.config());
    if (architecture.encoder().isPresent()) {
      throw new CheckpointException(
          "%s: expected a classifier, found an encoder-decoder, model_type '%s'. Name a model that scores texts."
              .formatted(source.path(), architecture.modelType()));
    }
    source.require(family.names().classifier().output() + ".weight");
    return architecture.classifier().labels();
  }
}
