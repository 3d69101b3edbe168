package dev.cantilever.generate;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.CausalLm;
import dev.cantilever.model.Generation;
import dev.cantilever.model.GenerationSpec;
import dev.cantilever.model.Generator;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.StopRule;
import dev.cantilever.model.TokenRows;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.run.RunSpec;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/** A device with an 8-bit model, perhaps an adapter, and the model's tokenizer. */
public final class TextGenerator implements AutoCloseable {

  /** Name of the adapter within the process. */
  private static final String ADAPTER = "generate";

  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final RunSpec run;
  private final Backend backend;
  private final PassMemory memory;
  private final CausalLm model;
  private final TextTokenizer tokenizer;
  private final Set<String> adapters;

  /**
   * Loads everything.
   *
   * @param model directory of the model, with its tokenizer
   * @throws IOException if a file cannot be read
   */
  public TextGenerator(RunSpec run, Path model) throws IOException {
    this.run = run;
    try {
      tokenizer = own(TextTokenizer.load(model));
      backend = own(Backends.open(run.backend(), run.budgetBytes()));
      Arena weights = own(backend.budget().open("base weights", Purpose.BASE_WEIGHTS));
      Arena panels = own(backend.budget().open("weight panels", Purpose.WEIGHT_PANELS));
      Arena lora = own(backend.budget().open("adapter", Purpose.ADAPTER));
      memory = own(new PassMemory(backend, "generation"));
      try (ModelDirectory directory = ModelDirectory.open(model)) {
        BasePrecision precision = BasePrecision.of(run.int8Mode());
        this.model =
            new ModelLoader(backend, directory, precision, weights, Optional.of(panels)).causalLm();
      }
      tokenizer.requireFits(this.model.vocabSize());
      if (run.adapter().isPresent()) {
        Adapter.load(
            backend, lora, ADAPTER, run.adapter().get(), this.model.transformer().targets(), false);
      }
      adapters = run.adapter().isPresent() ? Set.of(ADAPTER) : Set.of();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  /**
   * Continues prompts.
   *
   * @return the continuation of each, without the prompt
   * @throws UsageException if a prompt holds no token
   */
  public List<String> continuations(List<String> prompts, GenerationSettings settings) {
    int[][] rows = new int[prompts.size()][];
    for (int r = 0; r < rows.length; r++) {
      rows[r] = tokenizer.encode(prompts.get(r));
      if (rows[r].length == 0) {
        throw new UsageException("prompt " + (r + 1) + ": expected some text, found none");
      }
    }
    int[] limits = new int[rows.length];
    Arrays.fill(limits, settings.maxNewTokens());
    GenerationSpec spec =
        new GenerationSpec(
            adapters,
            new SamplingSpec(
                (float) settings.temperature(), settings.topK(), (float) settings.topP()),
            new StopRule(new HashSet<>(tokenizer.endOfTextIds()), Set.of()),
            run.seed(),
            0,
            settings.maxRows());
    long[] ids = LongStream.range(0, rows.length).toArray();
    List<Generation> generations =
        new Generator(backend, model).generate(memory, TokenRows.of(rows), ids, limits, spec);
    List<String> texts = new ArrayList<>();
    for (Generation generation : generations) {
      texts.add(tokenizer.decodeWithoutSpecialTokens(generation.tokens()));
    }
    return texts;
  }

  /** Gives back everything, in reverse order of opening. */
  @Override
  public void close() {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("A resource of the generator did not close", e);
      }
    }
  }
}
