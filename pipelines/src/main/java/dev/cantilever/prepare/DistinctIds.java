package dev.cantilever.prepare;

import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.RecordSchema;
import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.row.Split;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Holds the documents of a split to having ids of their own: what is drawn for a document is drawn
 * by its id. Keeps eight bytes per document, a digest, and looks at the ids themselves only where
 * two digests are equal.
 */
final class DistinctIds {

  private static final RecordSchema<Name> NAME =
      RecordSchema.named("document_name", Name.class)
          .string("document_id", Name::documentId)
          .enumeration("split", Name::split)
          .assembledBy(v -> new Name(v.string("document_id"), v.enumeration("split", Split.class)));

  /** The columns of a document that say which it is. */
  private record Name(String documentId, Split split) {

    long digest() {
      return KeyedDraw.digest(split + " " + documentId);
    }
  }

  private interface Visitor {
    void visit(Name name);
  }

  private DistinctIds() {}

  /**
   * Reads the documents of all shards.
   *
   * @throws DatasetException naming an id that occurs twice
   */
  static void require(DataFiles files, List<ShardFiles> shards) throws IOException {
    long documents = shards.stream().mapToLong(shard -> shard.documents().rows()).sum();
    long[] digests = new long[Math.toIntExact(documents)];
    int[] filled = {0};
    visit(files, shards, name -> digests[filled[0]++] = name.digest());
    Arrays.sort(digests);
    Set<Long> shared = new HashSet<>();
    for (int i = 1; i < digests.length; i++) {
      if (digests[i] == digests[i - 1]) {
        shared.add(digests[i]);
      }
    }
    if (shared.isEmpty()) {
      return;
    }
    Set<Name> seen = new HashSet<>();
    visit(
        files,
        shards,
        name -> {
          if (shared.contains(name.digest()) && !seen.add(name)) {
            throw new DatasetException(
                "document ids",
                "each id once in its split",
                "'" + name.documentId() + "' twice",
                "Make the id column unique, or leave prepare.id_column out, and ids are made of"
                    + " file and row");
          }
        });
  }

  private static void visit(DataFiles files, List<ShardFiles> shards, Visitor visitor)
      throws IOException {
    for (ShardFiles shard : shards) {
      try (ParquetRecordReader<Name> names =
          ParquetRecordReader.open(NAME, files.documents(shard.shard()))) {
        for (Optional<Name> next = names.read(); next.isPresent(); next = names.read()) {
          visitor.visit(next.get());
        }
      }
    }
  }
}
