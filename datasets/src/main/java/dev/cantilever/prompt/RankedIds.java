package dev.cantilever.prompt;

import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.text.DatasetException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A set of document ids that can be put into a random order by a keyed draw. */
final class RankedIds {

  /*
   * Sorting by a keyed random number gives a uniform permutation, needs no positions, and so does
   * not depend on the order in which ids arrive. Equal numbers, one pair in 2^64, fall back to the
   * ids.
   */
  private record Ranked(long rank, String id) {}

  private record Digested(long digest, String id) {}

  private static final Comparator<Ranked> ORDER =
      Comparator.comparingLong(Ranked::rank).thenComparing(Ranked::id);

  private final List<Digested> ids;

  RankedIds(Collection<String> documentIds) {
    Set<String> seen = new HashSet<>();
    List<Digested> digested = new ArrayList<>(documentIds.size());
    for (String id : documentIds) {
      if (!seen.add(id)) {
        throw new DatasetException(
            "document ids",
            "each id once",
            "'" + id + "' twice",
            "Make the id column unique, or let ids be made of file name and row");
      }
      digested.add(new Digested(KeyedDraw.digest(id), id));
    }
    this.ids = List.copyOf(digested);
  }

  int size() {
    return ids.size();
  }

  /** All ids in the order that the draw gives them in a lane. */
  List<String> ordered(KeyedDraw draw, int lane) {
    return ids.stream()
        .map(id -> new Ranked(draw.bits(id.digest(), lane), id.id()))
        .sorted(ORDER)
        .map(Ranked::id)
        .toList();
  }
}
