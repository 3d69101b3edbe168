package dev.cantilever.row;

/**
 * What one judge gave a whole response.
 *
 * @param source the judge, such as a classifier's directory name or digest
 * @param label what was judged, such as the name of the classifier's label
 * @param value the score; for a classifier its logit
 */
public record Score(String source, String label, double value) {

  /** Checks that the score says where it comes from. */
  public Score {
    Checks.notBlank("Score", "source", source);
  }
}
