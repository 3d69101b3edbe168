package dev.cantilever.text;

import java.io.Serializable;

/**
 * What reading a shard yields: a {@link Document}, or a {@link BadRow} that could not become one.
 */
public sealed interface TextItem extends Serializable permits Document, BadRow {

  /**
   * The file the row came from.
   *
   * @return its path under the source's root, with '/' between folders
   */
  String source();

  /**
   * Where in the file the row begins.
   *
   * @return for lines the line number, for Parquet the row number, both from 1; 1 for a text file
   */
  long row();
}
