package dev.cantilever.train;

import dev.cantilever.evaluate.EvaluationSpec;
import dev.cantilever.finetune.FineTuneSpec;
import dev.cantilever.generate.GenerationSettings;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.loop.LoopSpec;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.prepare.PrepareSpec;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.reward.RewardSpec;
import dev.cantilever.rollout.RolloutSpec;
import dev.cantilever.run.RunSpec;
import dev.cantilever.update.UpdateSpec;

/**
 * The sections of a recipe, the same for every command: one file describes a whole run, and each
 * command reads what it needs. One line a section.
 */
public final class RecipeSections {

  private static final RecipeSchema ALL =
      RecipeSchema.empty()
          .section("evaluation", EvaluationSpec.defaults())
          .section("generation", GenerationSettings.defaults())
          .section("loop", LoopSpec.defaults())
          .section("lora", LoraSpec.defaults())
          .section("ppo", PpoSpec.defaults())
          .section("prepare", PrepareSpec.defaults())
          .section("reward", RewardSpec.defaults())
          .section("rollout", RolloutSpec.defaults())
          .section("run", RunSpec.defaults())
          .section("sft", FineTuneSpec.defaults())
          .section("update", UpdateSpec.defaults());

  private RecipeSections() {}

  /** The schema of all of them, with their defaults. */
  public static RecipeSchema all() {
    return ALL;
  }
}
