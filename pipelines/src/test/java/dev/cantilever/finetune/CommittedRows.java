package dev.cantilever.finetune;

import dev.cantilever.codec.ParquetRecordWriter;
import dev.cantilever.codec.Schemas;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.CommitManifest;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Rows of tokens as the command prepare commits them. */
public final class CommittedRows {

  private CommittedRows() {}

  /** Rows to learn by heart: those held out are among those learned from. */
  public static List<TokenRow> toOverfit(int rows, int tokens) {
    Random random = new Random(7);
    List<TokenRow> all = new ArrayList<>();
    for (int r = 0; r < rows; r++) {
      IntSequence ids = IntSequence.of(random.ints(tokens, 2, 200).toArray());
      all.add(new TokenRow(r, Split.TRAIN, ids));
      if (r < 3) {
        all.add(new TokenRow(r, Split.TEST, ids));
      }
    }
    return all;
  }

  /** Writes rows in so many shards, dealt out like cards, the last dealt first. */
  public static Path write(Path directory, int shards, List<TokenRow> rows) throws IOException {
    Files.createDirectories(directory);
    List<FileEntry> files = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      Path file = directory.resolve("tokens-0000" + shard + ".parquet");
      long written;
      try (ParquetRecordWriter<TokenRow> writer =
          ParquetRecordWriter.open(Schemas.TOKEN_ROW, file)) {
        for (int r = rows.size() - 1; r >= 0; r--) {
          if (r % shards == shard) {
            writer.write(rows.get(r));
          }
        }
        written = writer.rows();
      }
      files.add(FileEntry.of(file, written));
    }
    return CommitDirectory.at(directory)
        .commit(new CommitManifest("prepared-data", "test", 0, 0, files, Map.of()));
  }
}
