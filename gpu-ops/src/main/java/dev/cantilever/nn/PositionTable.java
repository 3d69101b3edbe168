package dev.cantilever.nn;

/**
 * A table of learned positions.
 *
 * @param table as the checkpoint has it, [unused + P, C]
 * @param unused rows before that of position 0
 */
public record PositionTable(EmbeddingTable table, int unused) {

  /**
   * Whether branches of the table are its rows'. With unused rows a module of transformers may
   * count from other numbers than its rows (OPT's does), by which peft looks its branches up.
   */
  public boolean takesBranches() {
    return unused == 0;
  }
}
