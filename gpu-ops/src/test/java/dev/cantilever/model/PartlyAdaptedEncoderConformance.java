package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Encoder-decoders of which an adapter is on a part, so that what cross-attention reads needs
 * gradients on one side alone or on both. A fresh adapter changes no value, so the gradients are
 * those that the same matrices have beside all others.
 */
public abstract class PartlyAdaptedEncoderConformance extends ModelConformance {

  private static final ResponseRows ROWS =
      ResponseRows.of(
          new int[][] {{5, 9, 11, 80, 2}, {7}, {17, 60, 33, 4, 8, 21, 70, 3, 12, 44, 1}},
          new int[][] {{41, 8, 1}, {33, 17, 95, 20, 6, 1}, {9}});

  @ParameterizedTest
  @CsvSource({
    "encoder\\..*\\.(q|k|v|o|wi_0|wi_1|wo), everything",
    "encoder\\..*\\.(q|k|v|o|wi_0|wi_1|wo), blockInputs",
    "decoder\\..*SelfAttention\\.q, everything",
    "decoder\\.block\\.1.*SelfAttention\\.q, products",
    "decoder\\..*EncDecAttention\\.q, blockInputs",
    "decoder\\..*EncDecAttention\\.k, blockInputs",
    "decoder\\.block\\.0.*EncDecAttention\\.v, everything",
    "decoder\\.block\\.0.*EncDecAttention\\.v, products",
    "decoder\\.block\\.1.*DenseReluDense\\..*, everything"
  })
  void gradients_ofAPart_areThoseBesideAllOthers(String part, String kept) throws IOException {
    KeepPlan plan =
        switch (kept) {
          case "everything" -> KeepPlan.everything();
          case "products" -> KeepPlan.products();
          default -> KeepPlan.blockInputs();
        };
    Map<String, float[]> found = gradients(new TargetModules.Regex(part), plan);
    Map<String, float[]> all =
        new LinkedHashMap<>(gradients(new TargetModules.AllLinear(), KeepPlan.everything()));
    assertThat(found).isNotEmpty();
    found.forEach((name, gradient) -> assertThat(gradient).as(name).isEqualTo(all.get(name)));
    assertThat(found.values()).anySatisfy(g -> assertThat(g[0]).isNotZero());
  }

  private Map<String, float[]> gradients(TargetModules modules, KeepPlan plan) throws IOException {
    LanguageModel model;
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path("flan_t5"))) {
      model =
          new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
              .languageModel();
    }
    Adapter adapter =
        Adapter.fresh(
            backend,
            adapters,
            "a",
            AdapterConfig.of(2, 4, modules, TaskType.SEQ_2_SEQ_LM),
            model.targets(),
            3);
    for (Parameter parameter : adapter.parameters()) {
      backend.transfers().zero(parameter.gradient());
    }
    new LanguageLoss(backend, model, Set.of("a"), plan)
        .train(memory, ROWS, 1, OptionalLong.empty());
    return adapter.gradients();
  }
}
