package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A pass takes no more memory than one of longer rows, by which it is planned; not even where query
 * and response of those are of the same length.
 */
class EncoderDecoderMemoryTest extends ModelConformance {

  private static final int LENGTH = 96;

  @Override
  protected Backend open() {
    return Backends.cpu(256L << 20, 2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void pass_ofLongestRows_takesAsMuchAsAnyOther(boolean trains) throws IOException {
    long longest = keptBytes(trains, LENGTH, LENGTH);

    assertThat(keptBytes(trains, LENGTH, LENGTH - 1)).isLessThanOrEqualTo(longest);
    assertThat(keptBytes(trains, LENGTH - 1, LENGTH)).isLessThanOrEqualTo(longest);
  }

  private long keptBytes(boolean trains, int queryTokens, int responseTokens) throws IOException {
    ResponseRows rows =
        ResponseRows.of(new int[][] {new int[queryTokens]}, new int[][] {new int[responseTokens]});
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path("flan_t5"));
        PassMemory memory = new PassMemory(backend, "measured")) {
      LanguageModel model =
          new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
              .languageModel();
      Adapter.fresh(
          backend,
          adapters,
          "a",
          AdapterConfig.of(2, 4, new TargetModules.AllLinear(), TaskType.SEQ_2_SEQ_LM),
          model.targets(),
          3);
      LanguageLoss loss = new LanguageLoss(backend, model, Set.of("a"), KeepPlan.blockInputs());
      if (trains) {
        loss.train(memory, rows, 1, OptionalLong.empty());
      } else {
        loss.totals(memory, rows);
      }
      return memory.peakBytes().kept();
    }
  }
}
