package dev.cantilever.prepare;

import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.recipe.Setting;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A model directory with the embedded tokenizer, and the first of the embedded reviews. */
final class Reviews {

  private final Path model;
  private final List<String> lines;

  private Reviews(Path model, List<String> lines) {
    this.model = model;
    this.lines = lines;
  }

  static Reviews extract(Path directory) throws IOException {
    Path model = EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, directory);
    Path reviews = EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory);
    return new Reviews(model, Files.readAllLines(reviews.resolve("train.jsonl")));
  }

  Path model() {
    return model;
  }

  /** The JSON of reviews {@code from} to {@code to}, exclusive. */
  List<String> lines(int from, int to) {
    return new ArrayList<>(lines.subList(from, to));
  }

  /** Writes reviews to files of eight each, in a folder. */
  Path folder(Path folder, int files) throws IOException {
    Files.createDirectories(folder);
    for (int file = 0; file < files; file++) {
      Files.write(folder.resolve("part-" + file + ".jsonl"), lines(8 * file, 8 * file + 8));
    }
    return folder;
  }

  /**
   * Rows of 64, a quarter held out, the reviews' own ids; otherwise the defaults.
   *
   * @param settings further ones as users write them, without the section
   */
  static PrepareSpec spec(Path input, String... settings) {
    List<Setting> all =
        Stream.concat(
                Stream.of("input=" + input, "id_column=id", "test_fraction=0.25", "block_size=64"),
                Stream.of(settings))
            .map(setting -> Setting.parse("prepare." + setting))
            .toList();
    return RecipeSchema.empty()
        .section("prepare", PrepareSpec.defaults())
        .load(all)
        .section("prepare", PrepareSpec.class);
  }
}
