package dev.cantilever.sample;

/** The three folders in the jar. */
public enum EmbeddedSample {
  /**
   * A causal language model of film reviews: GPT-NeoX, 10,512,896 parameters, float16 in two
   * shards, byte-level BPE of 8,192; end-of-text is id 0, padding id 1.
   */
  LANGUAGE_MODEL("neox-imdb-10m"),
  /** A sentiment classifier: DistilBERT, labels NEGATIVE 0 and POSITIVE 1, WordPiece of 8,192. */
  CLASSIFIER("distilbert-imdb-5m"),
  /**
   * Synthetic reviews: {@code train.jsonl} with 3,200 and {@code test.jsonl} with 640 rows of
   * {@code id}, {@code text}, {@code label} and {@code rating}.
   */
  REVIEWS("reviews-synthetic");

  private final String folder;

  EmbeddedSample(String folder) {
    this.folder = folder;
  }

  /**
   * The name of its folder.
   *
   * @return one path segment
   */
  public String folder() {
    return folder;
  }
}
