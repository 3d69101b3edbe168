package dev.cantilever.cli;

import dev.cantilever.generate.GenerationSettings;
import dev.cantilever.prepare.PrepareSpec;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.run.RunSpec;

/**
 * The sections of a recipe, the same for every command: one file describes a whole run, and each
 * command reads what it needs. One line a section.
 */
final class RecipeSections {

  private static final RecipeSchema ALL =
      RecipeSchema.empty()
          .section("generation", GenerationSettings.defaults())
          .section("prepare", PrepareSpec.defaults())
          .section("run", RunSpec.defaults());

  private RecipeSections() {}

  static RecipeSchema all() {
    return ALL;
  }
}
