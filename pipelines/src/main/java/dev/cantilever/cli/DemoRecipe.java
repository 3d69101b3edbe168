package dev.cantilever.cli;

import dev.cantilever.finetune.FineTuneSpec;
import dev.cantilever.loop.LoopSpec;
import dev.cantilever.ppo.BatchSpec;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.prepare.PrepareSpec;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.rollout.RolloutSpec;
import dev.cantilever.train.RecipeSections;
import java.util.Optional;

/**
 * The recipe's sections with the demo's numbers for defaults: a model of ten million parameters and
 * a few minutes want larger steps than twenty billion and a day.
 */
final class DemoRecipe {

  private static final int BLOCK_SIZE = 128;
  private static final int SFT_TOKENS = 70_000;
  private static final int EVALUATION_ROWS = 100;
  private static final int RESPONSE_TOKENS = 20;
  private static final int STEPS = 45;
  private static final int ROWS = 32;
  private static final int MINI_BATCH = 8;
  private static final int EPOCHS = 2;
  private static final double KL_COEFFICIENT = 0.15;

  private DemoRecipe() {}

  static RecipeSchema sections() {
    return RecipeSections.all()
        .withDefaults(
            "prepare",
            PrepareSpec.defaults().withBlockSize(BLOCK_SIZE).withMaxSftTokens(SFT_TOKENS))
        .withDefaults(
            "sft",
            FineTuneSpec.defaults().withLearningRate(2e-3).withEvaluationRows(EVALUATION_ROWS))
        .withDefaults(
            "rollout",
            new RolloutSpec(2, 8, RESPONSE_TOKENS, RESPONSE_TOKENS, true, 1, ROWS, 2 * ROWS))
        .withDefaults(
            "ppo",
            PpoSpec.defaults()
                .withBatch(new BatchSpec(ROWS, MINI_BATCH, EPOCHS))
                .withKl(PpoSpec.defaults().kl().withFixed(KL_COEFFICIENT))
                .withStepSize(PpoSpec.defaults().stepSize().withLearningRates(3e-4, 1e-2)))
        .withDefaults("loop", new LoopSpec(STEPS, Optional.empty(), 2));
  }
}
