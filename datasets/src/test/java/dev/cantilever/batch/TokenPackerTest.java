package dev.cantilever.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TokenPackerTest {

  private static final Separator NOTHING = new Separator.Nothing();
  private static final Separator END_OF_TEXT = new Separator.Token(0);

  @Property(seed = "1")
  void rows_anyDocuments_areTheirConcatenationCut(
      @ForAll List<@Size(max = 9) List<@IntRange(min = 1, max = 99) Integer>> documents,
      @ForAll @IntRange(min = 2, max = 7) int blockSize,
      @ForAll boolean separated,
      @ForAll Remainder remainder) {
    int[] stream = concatenated(documents, separated);
    List<int[]> rows = new ArrayList<>();
    PackingSpec spec = new PackingSpec(blockSize, separated ? END_OF_TEXT : NOTHING, remainder);
    TokenPacker packer = new TokenPacker(spec);
    documents.forEach(d -> packer.add(array(d), rows::add));
    PackingTally tally = packer.finish(rows::add);

    int whole = stream.length / blockSize;
    int rest = stream.length % blockSize;
    boolean keepsRest = rest >= 2 && (remainder == Remainder.KEEP || whole == 0);
    assertThat(rows).hasSize(whole + (keepsRest ? 1 : 0));
    assertThat(rows.stream().limit(whole)).allMatch(row -> row.length == blockSize);
    int[] packed = rows.stream().flatMapToInt(Arrays::stream).toArray();
    assertThat(packed)
        .containsExactly(Arrays.copyOf(stream, keepsRest ? stream.length : stream.length - rest));
    assertThat(tally.rows()).isEqualTo(rows.size());
    assertThat(tally.tokensOut()).isEqualTo(packed.length);
    assertThat(tally.tokensLeftOut()).isEqualTo(keepsRest ? 0 : rest);
  }

  @Test
  void separator_betweenDocuments_notAfterTheLastNorForEmptyOnes() {
    List<int[]> rows = new ArrayList<>();
    TokenPacker packer = new TokenPacker(new PackingSpec(10, END_OF_TEXT, Remainder.KEEP));
    packer.add(new int[] {}, rows::add);
    packer.add(new int[] {5, 6}, rows::add);
    packer.add(new int[] {}, rows::add);
    packer.add(new int[] {7}, rows::add);
    PackingTally tally = packer.finish(rows::add);

    assertThat(rows).containsExactly(new int[] {5, 6, 0, 7});
    assertThat(tally).isEqualTo(new PackingTally(2, 3, 1, 1, 4));
  }

  @Test
  void rows_handedOver_areNotReused() {
    List<int[]> rows = new ArrayList<>();
    TokenPacker packer = new TokenPacker(new PackingSpec(2, NOTHING, Remainder.KEEP));
    packer.add(new int[] {1, 2, 3, 4}, rows::add);

    assertThat(rows).containsExactly(new int[] {1, 2}, new int[] {3, 4});
  }

  @Test
  void tallies_added_sumEachCount() {
    assertThat(new PackingTally(1, 2, 3, 4, 5).plus(new PackingTally(10, 20, 30, 40, 50)))
        .isEqualTo(new PackingTally(11, 22, 33, 44, 55));
  }

  @Test
  void packer_afterFinish_isRefused() {
    TokenPacker packer = new TokenPacker(PackingSpec.ofSentimentScript().withBlockSize(4));
    assertThat(packer.finish(row -> {}).rows()).isZero();

    assertThatThrownBy(() -> packer.add(new int[] {1}, row -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("one per shard");
  }

  @Test
  void spec_blockOfOne_isRefused() {
    assertThatThrownBy(() -> PackingSpec.ofSentimentScript().withBlockSize(1))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("block_size")
        .hasMessageContaining("found 1");
    assertThatThrownBy(() -> new Separator.Token(-1)).isInstanceOf(DatasetException.class);
  }

  private static int[] concatenated(List<List<Integer>> documents, boolean separated) {
    List<Integer> stream = new ArrayList<>();
    for (List<Integer> document : documents) {
      if (document.isEmpty()) {
        continue;
      }
      if (separated && !stream.isEmpty()) {
        stream.add(0);
      }
      stream.addAll(document);
    }
    return array(stream);
  }

  private static int[] array(List<Integer> values) {
    return IntStream.range(0, values.size()).map(values::get).toArray();
  }
}
