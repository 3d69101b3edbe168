package dev.cantilever.batch;

import dev.cantilever.text.DatasetException;
import java.io.Serializable;

/** What stands between two documents in a row. */
public sealed interface Separator extends Serializable {

  /** Nothing, as in the sentiment scripts of trl. */
  record Nothing() implements Separator {}

  /**
   * One token, usually end-of-text; between documents, not after a shard's last.
   *
   * @param id of the token
   */
  record Token(int id) implements Separator {

    /** Checks the id. */
    public Token {
      if (id < 0) {
        throw new DatasetException(
            "separator", "a token id of at least 0", Integer.toString(id), "Give the token's id");
      }
    }
  }
}
