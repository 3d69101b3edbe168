package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.TargetModules;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** New adapters of every kind: what they change, how they are trained and what they leave. */
public abstract class FreshAdapterConformance extends FreshAdapterSuite {

  private static final TokenRows ROWS =
      TokenRows.of(new int[] {5, 9, 11, 80, 2}, new int[] {7, 41}, new int[] {1, 95, 17, 60, 33});

  /** Of logits, in fp32: the tolerance stated with the fixtures. */
  private static final float LOGITS = 2e-4f;

  /** Inner layers and positions to hold whole, of some bases. */
  private static final Map<String, String> WHOLE =
      Map.of(
          "gpt_neox", "layers.0.mlp+attention.dense",
          "llama", "k_proj+down_proj",
          "gpt2", "wpe+c_fc",
          "opt", "embed_positions+fc1+layers.1.self_attn");

  @TempDir Path folder;

  /** Moves every parameter, as a step does. */
  private void move(Adapter adapter, long seed) {
    Random random = new Random(seed);
    for (Parameter parameter : adapter.parameters()) {
      float[] values = new float[Math.toIntExact(parameter.value().elements())];
      backend.transfers().download(values, parameter.value());
      for (int i = 0; i < values.length; i++) {
        values[i] += (float) (0.1 * random.nextGaussian());
      }
      backend.transfers().upload(parameter.value(), values);
    }
    adapter.parametersChanged();
  }

  @ParameterizedTest
  @EnumSource
  void freshLengthsAndBiases_overMovedOnes_changeNoBit(BasePrecision precision) throws Exception {
    for (String base : new String[] {"gpt_neox", "llama", "gpt2"}) {
      assertChangesNoBit(base, precision, ModuleSelection.of(new TargetModules.AllLinear()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void freshLengthsOfTablesAndHeads_overMovedOnes_changeNoBit(BasePrecision precision)
      throws Exception {
    assertChangesNoBit("gpt_neox", precision, on("dense", "embed_in", "lm_head"));
    assertChangesNoBit("llama", precision, on("q_proj", "embed_tokens", "lm_head"));
    assertChangesNoBit("gpt2", precision, on("wte", "lm_head"));
  }

  private void assertChangesNoBit(String base, BasePrecision precision, ModuleSelection modules)
      throws Exception {
    LanguageModel model = model(base, precision);
    AdapterConfig under = config(true, LoraBias.ALL, "true").withModules(modules);
    AdapterConfig over = config(true, LoraBias.ALL, "gaussian").withModules(modules);
    Adapter reference = fresh(model, "reference", under);
    move(reference, 4);
    Adapter policy = fresh(model, "policy", over);

    float[] bare = model.logits(backend, memory, ROWS, Set.of());
    assertThat(model.logits(backend, memory, ROWS, Set.of("policy"))).isEqualTo(bare);
    float[] moved = model.logits(backend, memory, ROWS, Set.of("reference"));
    assertThat(moved).isNotEqualTo(bare);
    assertThat(model.logits(backend, memory, ROWS, Set.of("reference", "policy"))).isEqualTo(moved);

    move(policy, 5);
    assertThat(model.logits(backend, memory, ROWS, Set.of("policy"))).isNotEqualTo(bare);
    assertThat(model.logits(backend, memory, ROWS, Set.of("reference"))).isEqualTo(moved);
    reference.detach();
    policy.detach();
  }

  /** What is held whole in the middle of a model is exact beside a base in 8 bit, too. */
  @ParameterizedTest
  @EnumSource
  void freshWholeModules_changeNoBit_andAreSavedAsTheBaseIs(BasePrecision precision)
      throws Exception {
    for (Map.Entry<String, String> entry : new TreeMap<>(WHOLE).entrySet()) {
      String base = entry.getKey();
      LanguageModel model = model(base, precision);
      AdapterConfig plain = config(false, LoraBias.ALL, "true");
      AdapterConfig config = plain.withModules(saving(plain, entry.getValue().split("\\+")));
      Adapter adapter = fresh(model, "a", config);
      float[] bare = model.logits(backend, memory, ROWS, Set.of());
      assertThat(model.logits(backend, memory, ROWS, Set.of("a"))).isEqualTo(bare);

      move(adapter, 5);
      float[] moved = model.logits(backend, memory, ROWS, Set.of("a"));
      assertThat(moved).isNotEqualTo(bare);
      Path saved = folder.resolve(base);
      adapter.save(saved);
      Adapter again = Adapter.load(backend, adapters, "b", saved, model.targets(), true);
      assertClose(model.logits(backend, memory, ROWS, Set.of("b")), moved);
      assertThat(model.logits(backend, memory, ROWS, Set.of())).isEqualTo(bare);
      assertThatThrownBy(() -> fresh(model, "c", config))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("under it");
      adapter.detach();
      again.detach();
      assertThat(model.logits(backend, memory, ROWS, Set.of("a"))).isEqualTo(bare);
    }
  }

  private static void assertClose(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).isCloseTo(expected[i], within(LOGITS));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "pissa, query_key_value+dense+dense_h_to_4h+dense_4h_to_h",
    "pissa_niter_4, query_key_value+dense+dense_h_to_4h+dense_4h_to_h",
    "olora, query_key_value+dense+dense_h_to_4h+dense_4h_to_h",
    "pissa, dense+embed_in+lm_head",
    "olora, embed_in+lm_head",
  })
  void freshAdapter_ofTheBasesOwnFactors_changesLittle_andIsSavedOverTheBaseAsItIs(
      String init, String modules) throws Exception {
    LanguageModel model = model("gpt_neox", BasePrecision.INT8_WEIGHT_ONLY);
    float[] bare = model.logits(backend, memory, ROWS, Set.of());
    AdapterConfig config = config(false, LoraBias.NONE, init).withModules(on(modules.split("\\+")));
    Adapter adapter = fresh(model, "a", config);

    float[] begun = model.logits(backend, memory, ROWS, Set.of("a"));
    assertClose(begun, bare);
    move(adapter, 6);
    float[] moved = model.logits(backend, memory, ROWS, Set.of("a"));
    adapter.save(folder.resolve("saved"));
    Adapter loaded =
        Adapter.load(backend, adapters, "b", folder.resolve("saved"), model.targets(), true);
    assertThat(loaded.config().rank("any")).isEqualTo(4);
    assertClose(model.logits(backend, memory, ROWS, Set.of("b")), moved);
  }

  /** The norms are constants in DoRA's backward; here they are left as they were, too. */
  @ParameterizedTest
  @CsvSource({"false", "true"})
  void gradients_stackedLengthsAndBiases_areThoseOfDifferences(boolean dropout) throws Exception {
    LanguageModel model = model("gpt_neox", BasePrecision.STORED);
    AdapterConfig lengths = dropping(config(true, LoraBias.ALL, "true"), dropout);
    AdapterConfig plain = config(false, LoraBias.NONE, "true");
    AdapterConfig outer =
        dropping(config(true, LoraBias.NONE, "true"), dropout)
            .withModules(on("embed_in", "lm_head"));
    assertDirections(
        model,
        dropout,
        List.of(lengths, plain, lengths, outer, plain.withModules(outer.modules()), outer));
  }

  @ParameterizedTest
  @CsvSource({
    "gpt_neox, false, embed_in+embed_out+layers.0.mlp+layers.1.attention.dense",
    "gpt_neox, true, embed_in+layers.1.attention",
    "gpt2, false, wpe+c_fc",
    "gpt2, true, wte+attn.c_proj",
  })
  void gradients_ofWholeModulesUnderBranches_areThoseOfDifferences(
      String base, boolean dropout, String saved) throws Exception {
    LanguageModel model = model(base, BasePrecision.STORED);
    AdapterConfig plain = config(false, LoraBias.ALL, "true");
    AdapterConfig whole = dropping(plain.withModules(saving(plain, saved.split("\\+"))), dropout);
    ModuleSelection tables = base.equals("gpt2") ? on("wpe", "wte") : on("embed_in", "lm_head");
    assertDirections(
        model, dropout, List.of(whole, dropping(plain, dropout), plain.withModules(tables)));
  }

  private static AdapterConfig dropping(AdapterConfig config, boolean dropout) {
    return new AdapterConfig(
        config.ranks(),
        dropout ? 0.25 : 0,
        config.modules(),
        config.useDora(),
        config.bias(),
        config.init(),
        false,
        config.taskType(),
        "");
  }

  /** Of adapters stacked in this order, all trained at once. */
  private void assertDirections(LanguageModel model, boolean dropout, List<AdapterConfig> configs) {
    List<Adapter> stacked = new ArrayList<>();
    for (AdapterConfig config : configs) {
      stacked.add(fresh(model, "adapter" + stacked.size(), config));
    }
    for (int i = 0; i < stacked.size(); i++) {
      move(stacked.get(i), 7 + i);
    }
    Set<String> all = stacked.stream().map(Adapter::name).collect(Collectors.toSet());
    OptionalLong key = dropout ? OptionalLong.of(77) : OptionalLong.empty();
    LanguageLoss loss = new LanguageLoss(backend, model, all, KeepPlan.products());
    loss.train(memory, ResponseRows.ofTexts(ROWS), 1, key);
    for (Adapter adapter : stacked) {
      for (Parameter parameter : adapter.parameters()) {
        assertDirection(loss, adapter, parameter, key);
      }
    }
  }

  /** The slope of the loss along a parameter's gradient is the gradient's norm. */
  private void assertDirection(
      LanguageLoss loss, Adapter adapter, Parameter parameter, OptionalLong key) {
    int count = Math.toIntExact(parameter.value().elements());
    float[] at = new float[count];
    float[] gradient = new float[count];
    backend.transfers().download(at, parameter.value());
    backend.transfers().download(gradient, parameter.gradient());
    double norm = 0;
    for (float g : gradient) {
      norm += (double) g * g;
    }
    norm = Math.sqrt(norm);
    double step = 1e-2;
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      float[] moved = new float[count];
      for (int i = 0; i < count; i++) {
        moved[i] = (float) (at[i] + (1 - 2 * side) * step / norm * gradient[i]);
      }
      backend.transfers().upload(parameter.value(), moved);
      if (parameter.name().endsWith("lora_magnitude_vector")) {
        adapter.parametersChanged(); // of norms that stay
      }
      losses[side] = loss.train(memory, ResponseRows.ofTexts(ROWS), 0, key);
    }
    backend.transfers().upload(parameter.value(), at);
    adapter.parametersChanged();
    // Of a sum of 9 losses near 5 with roundings of 1e-6 each, over 2e-2; and of the cubes.
    assertThat((losses[0] - losses[1]) / (2 * step))
        .as(parameter.name())
        .isCloseTo(norm, within(0.01 * norm + 1e-3));
  }
}
