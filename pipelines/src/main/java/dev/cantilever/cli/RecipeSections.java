package dev.cantilever.cli;

import dev.cantilever.finetune.FineTuneSpec;
import dev.cantilever.generate.GenerationSettings;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.ppo.PpoSpec;
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
          .section("lora", LoraSpec.defaults())
          .section("ppo", PpoSpec.defaults())
          .section("run", RunSpec.defaults())
          .section("sft", FineTuneSpec.defaults());

  private RecipeSections() {}

  static RecipeSchema all() {
    return ALL;
  }
}
