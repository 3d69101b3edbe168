package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.TargetModules;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a new adapter is refused, by name, whatever the backend. */
class FreshAdapterRefusalTest extends FreshAdapterSuite {

  @Override
  protected Backend open() {
    return Backends.cpu(256L << 20, 2);
  }

  @Test
  void lengths_whereAnotherAdapterHasItsOwnWeights_areRefused() throws Exception {
    LanguageModel model = model("gpt_neox", BasePrecision.STORED);
    AdapterConfig plain = config(false, LoraBias.NONE, "true");
    AdapterConfig lengths = config(true, LoraBias.NONE, "true");
    AdapterConfig whole =
        plain.withModules(saving(plain, "layers.1.attention.dense", "embed_in", "lm_head"));
    Adapter under = fresh(model, "under", whole);
    for (String module : new String[] {"dense", "embed_in", "lm_head"}) {
      assertThatThrownBy(() -> fresh(model, "a", lengths.withModules(on(module))))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("use_dora")
          .hasMessageContaining(module + "'");
    }
    fresh(model, "aside", lengths.withModules(on("dense_h_to_4h"))).detach();
    under.detach();
    for (String module : new String[] {"dense", "embed_in", "lm_head"}) {
      Adapter lengthened = fresh(model, "a", lengths.withModules(on(module)));
      assertThatThrownBy(() -> fresh(model, "under", whole))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("use_dora")
          .hasMessageContaining(module + "'");
      lengthened.detach();
    }
  }

  /** What peft would train and is frozen here is refused, not left out. */
  @ParameterizedTest
  @CsvSource({
    "opt, q_proj, embed_positions, model.decoder.embed_positions",
    "t5_plain, q, shared, shared",
    "flan_t5, q, relative_attention_bias, relative_attention_bias",
    "qwen3, q_proj, q_norm, self_attn.q_norm"
  })
  void branch_ofAFrozenModule_isRefusedByName(String base, String linear, String other, String path)
      throws Exception {
    LanguageModel model = model(base, BasePrecision.STORED);
    AdapterConfig plain = config(false, LoraBias.NONE, "true");

    assertThatThrownBy(() -> fresh(model, "a", plain.withModules(on(linear, other))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(path + "', which carries no branch");
  }

  /** As in peft, which has no branch for such a module. */
  @ParameterizedTest
  @CsvSource({
    "llama, 'model\\.layers\\.0\\..*', model.layers.0.input_layernorm",
    "flan_t5, '.*(q|shared)', shared"
  })
  void regexThatMatchesWhatHasNoBranch_isRefusedByName(String base, String regex, String path)
      throws Exception {
    LanguageModel model = model(base, BasePrecision.STORED);
    AdapterConfig plain = config(false, LoraBias.NONE, "true");
    ModuleSelection modules = ModuleSelection.of(new TargetModules.Regex(regex));

    assertThatThrownBy(() -> fresh(model, "a", plain.withModules(modules)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("found '" + path + "'");
  }

  @Test
  void wholeModules_someOfWhichAreFrozen_areRefused() throws Exception {
    LanguageModel model = model("qwen3", BasePrecision.STORED);
    AdapterConfig plain = config(false, LoraBias.NONE, "true");

    assertThatThrownBy(() -> fresh(model, "a", plain.withModules(saving(plain, "norm"))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("self_attn.q_norm too");
  }

  @Test
  void wholeModule_thatIsNotThere_isRefusedWithSomeOfEachKind() throws Exception {
    LanguageModel model = model("gpt2", BasePrecision.STORED);
    AdapterConfig plain = config(false, LoraBias.NONE, "true");

    assertThatThrownBy(() -> fresh(model, "a", plain.withModules(saving(plain, "c_fcc"))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("wte")
        .hasMessageContaining("lm_head")
        .hasMessageContaining("ln_1")
        .hasMessageContaining("c_attn")
        .hasMessageContaining("'c_fcc'");
  }

  /**
   * A name begins in the middle of a word, as in peft, which refuses a module with a branch too.
   */
  @ParameterizedTest
  @CsvSource({
    "llama, q_proj, proj, self_attn.q_proj",
    "llama, lm_head, head, lm_head",
    "gpt2, wte, te, transformer.wte",
  })
  void wholeModule_thatCarriesABranch_isRefusedByName(
      String base, String branched, String saved, String path) throws Exception {
    LanguageModel model = model(base, BasePrecision.STORED);
    AdapterConfig config = config(false, LoraBias.NONE, "true").withModules(on(branched));

    assertThatThrownBy(() -> fresh(model, "a", config.withModules(saving(config, saved))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("modules_to_save")
        .hasMessageContaining(path + "', in both");
  }

  @Test
  void fresh_whatCannotBeTrained_isRefusedByName() throws Exception {
    LanguageModel model = model("gpt_neox", BasePrecision.STORED);
    AdapterConfig plain = config(false, LoraBias.NONE, "true");
    assertThatThrownBy(() -> fresh(model, "a", plain.withModules(saving(plain, "score"))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("modules_to_save")
        .hasMessageContaining("lm_head")
        .hasMessageContaining("'score'");
    assertThatThrownBy(() -> fresh(model, "a", config(false, LoraBias.NONE, "eva")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("eva");
    AdapterConfig withHead = plain.withModules(saving(plain, "embed_out"));
    fresh(model, "under", withHead);
    assertThatThrownBy(() -> fresh(model, "a", withHead))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("lm_head")
        .hasMessageContaining("under it");
    assertThatThrownBy(() -> fresh(model, "a", plain.withModules(on("dense", "final_layer_norm"))))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("target_modules")
        .hasMessageContaining("final_layer_norm");
    fresh(model, "a", plain);
    assertThatThrownBy(() -> fresh(model, "a", plain))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a'");
  }
}
