package dev.cantilever.text;

import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.draw.Stream;
import java.io.Serializable;

/**
 * Decides for each document by itself whether it is for training or for testing: a uniform draw of
 * (seed, document id) below the test fraction is for testing. Neither order nor sharding nor the
 * other documents matter, and raising the fraction only moves documents from training to testing.
 *
 * @param seed the run's seed
 * @param testFraction the share for testing, from 0 to 1; the share met is this one only on average
 */
public record TrainTestSplit(long seed, double testFraction) implements Serializable {

  /** The two sides. */
  public enum Side {
    /** For training. */
    TRAIN,
    /** Held out. */
    TEST
  }

  /** Checks the fraction. */
  public TrainTestSplit {
    if (!(testFraction >= 0 && testFraction <= 1)) {
      throw new DatasetException(
          "test fraction", "a number from 0 to 1", Double.toString(testFraction), "Correct it");
    }
  }

  /**
   * The side of a document.
   *
   * @param documentId its id
   * @return always the same for the same seed, fraction and id
   */
  public Side side(String documentId) {
    double draw = new KeyedDraw(seed, Stream.SPLIT).uniform(documentId);
    return draw < testFraction ? Side.TEST : Side.TRAIN;
  }
}
