package dev.cantilever.generate;

import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.AttachedAdapters;
import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.Hosted;
import dev.cantilever.host.ModelHost;
import dev.cantilever.host.ModelLease;
import dev.cantilever.host.ModelRef;
import dev.cantilever.model.Generation;
import dev.cantilever.model.GenerationSpec;
import dev.cantilever.model.Generator;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.StopRule;
import dev.cantilever.model.TokenRows;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.run.RunSpec;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Continues prompts with a model, perhaps under an adapter. */
public final class TextGenerator {

  /** Name of the adapter within the process. */
  private static final String ADAPTER = "generate";

  private final RunSpec run;
  private final ModelRef model;
  private final List<AdapterRef> adapters;

  /**
   * Looks at the files; nothing is loaded yet.
   *
   * @param model directory of the model, with its tokenizer
   * @throws IOException if a file cannot be read
   */
  public TextGenerator(RunSpec run, Path model) throws IOException {
    this.run = run;
    this.model = ModelRef.of(model);
    this.adapters =
        run.adapter().isPresent()
            ? List.of(new AdapterRef(ADAPTER, ModelRef.of(run.adapter().get())))
            : List.of();
  }

  /**
   * Continues prompts.
   *
   * @return the continuation of each, without the prompt
   * @throws UsageException if a prompt holds no token
   * @throws InterruptedException if the thread is interrupted while it waits for the device
   */
  public List<String> continuations(List<Prompt> prompts, GenerationSettings settings)
      throws IOException, InterruptedException {
    try (ModelLease lease = ModelHost.lease(DeviceSpec.of(run), "generate")) {
      Hosted<LanguageModel> hosted = lease.model(model);
      TextTokenizer tokenizer = hosted.tokenizer();
      int[][] rows = rows(prompts, tokenizer, hosted.model().architecture().queryEnd());
      int[] limits = new int[rows.length];
      Arrays.fill(limits, settings.maxNewTokens());
      try (AttachedAdapters attached = lease.attach(hosted, adapters);
          PassMemory memory = new PassMemory(lease.backend(), "generation")) {
        GenerationSpec spec =
            new GenerationSpec(
                attached.names(),
                new SamplingSpec(
                    (float) settings.temperature(), settings.topK(), (float) settings.topP()),
                new StopRule(new HashSet<>(tokenizer.endOfTextIds()), Set.of()),
                run.seed(),
                0,
                settings.maxRows());
        long[] ids = LongStream.range(0, rows.length).toArray();
        List<Generation> generations =
            new Generator(lease.backend(), hosted.model())
                .generate(memory, TokenRows.of(rows), ids, limits, spec);
        List<String> texts = new ArrayList<>();
        for (Generation generation : generations) {
          texts.add(tokenizer.decodeWithoutSpecialTokens(generation.tokens()));
        }
        return texts;
      }
    }
  }

  private static int[][] rows(List<Prompt> prompts, TextTokenizer tokenizer, int[] end) {
    int[][] rows = new int[prompts.size()][];
    for (int r = 0; r < rows.length; r++) {
      int[] ids = prompts.get(r).ids(tokenizer);
      if (ids.length == 0) {
        throw new UsageException("prompt " + (r + 1) + ": expected some text, found none");
      }
      rows[r] = IntStream.concat(Arrays.stream(ids), Arrays.stream(end)).toArray();
    }
    return rows;
  }
}
