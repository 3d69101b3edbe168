package dev.cantilever.model;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraRanks;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Suites of new adapters: models and settings to make them of. */
abstract class FreshAdapterSuite extends ModelConformance {

  /** The model of a fixture. */
  LanguageModel model(String base, BasePrecision precision) throws Exception {
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path(base))) {
      return new ModelLoader(backend, directory, precision, weights, Optional.empty())
          .languageModel();
    }
  }

  /** Of rank 2, or 3 in some layers, on all linear layers. */
  static AdapterConfig config(boolean dora, LoraBias bias, String init) {
    return new AdapterConfig(
        new LoraRanks(2, 4, false, Map.of("dense|c_proj", 3), Map.of()),
        0,
        ModuleSelection.of(new TargetModules.AllLinear()),
        dora,
        bias,
        LoraInit.of(init).orElseThrow(),
        false,
        TaskType.CAUSAL_LM,
        "");
  }

  /** Makes one whose gradients are zero. */
  Adapter fresh(LanguageModel model, String name, AdapterConfig config) {
    Adapter adapter = Adapter.fresh(backend, adapters, name, config, model.targets(), 3);
    adapter.parameters().forEach(p -> backend.transfers().zero(p.gradient()));
    return adapter;
  }

  /** Branches of these modules. */
  static ModuleSelection on(String... names) {
    return ModuleSelection.of(TargetModules.of(names));
  }

  /** The settings' modules, with these held whole. */
  static ModuleSelection saving(AdapterConfig config, String... names) {
    ModuleSelection modules = config.modules();
    return new ModuleSelection(
        modules.targets(), modules.excluded(), modules.layers(), List.of(names));
  }
}
