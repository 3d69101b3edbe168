package dev.cantilever.rollout;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.beam.ArrowBatch;
import dev.cantilever.beam.BatchKey;
import dev.cantilever.codec.Schemas;
import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.draw.Stream;
import dev.cantilever.host.AttachedAdapters;
import dev.cantilever.host.Hosted;
import dev.cantilever.host.ModelHost;
import dev.cantilever.host.ModelLease;
import dev.cantilever.manifest.Digests;
import dev.cantilever.model.Generation;
import dev.cantilever.model.GenerationSpec;
import dev.cantilever.model.Generator;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.StopRule;
import dev.cantilever.model.TokenRows;
import dev.cantilever.rehearsal.RunMemory;
import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Provenance;
import dev.cantilever.row.Query;
import dev.cantilever.row.Response;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.StopReason;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Queries of a batch to rollouts of a batch, on the leased device. */
final class GenerateFn extends DoFn<KV<BatchKey, Iterable<Query>>, KV<BatchKey, ArrowBatch>> {

  private static final long serialVersionUID = 1L;

  /** The run's logical clock: rows of one seed are equal to the byte whenever they are made. */
  private static final long MILLIS_PER_STEP = 1000;

  private final RolloutPolicy policy;
  private final RolloutSpec spec;
  private final RunMemory memory;
  private final Counter deviceNanos =
      Metrics.counter(
          GenerateRollouts.DEVICE_NANOS.getNamespace(), GenerateRollouts.DEVICE_NANOS.getName());

  GenerateFn(RolloutPolicy policy, RolloutSpec spec, RunMemory memory) {
    this.policy = policy;
    this.spec = spec;
    this.memory = memory;
  }

  @ProcessElement
  public void process(
      @Element KV<BatchKey, Iterable<Query>> element,
      OutputReceiver<KV<BatchKey, ArrowBatch>> batches)
      throws IOException, InterruptedException {
    List<Query> queries = new ArrayList<>();
    element.getValue().forEach(queries::add);
    queries.sort(Comparator.comparingLong(Query::queryId));
    List<Rollout> rollouts = generate(element.getKey().step(), queries);
    // The lease is back; the next stage may run inside this call and take its own.
    batches.output(KV.of(element.getKey(), ArrowBatch.ofRecords(Schemas.ROLLOUT, rollouts)));
  }

  private List<Rollout> generate(int step, List<Query> queries)
      throws IOException, InterruptedException {
    try (ModelLease lease =
        ModelHost.lease(policy.device(), "generate rollouts", deviceNanos::inc)) {
      Backend backend = lease.backend();
      Hosted<LanguageModel> base = lease.model(policy.base());
      try (AttachedAdapters adapters =
              lease.attach(base, policy.adapters(), memory.actingAdapters());
          PassMemory pass = new PassMemory(backend, "rollout", memory.rollout())) {
        List<Generation> generations =
            new Generator(backend, base.model().forRowsOf(memory.rowTokens()))
                .generate(
                    pass,
                    TokenRows.of(
                        queries.stream()
                            .map(query -> query.queryIds().toArray())
                            .toArray(int[][]::new)),
                    queries.stream().mapToLong(Query::queryId).toArray(),
                    queries.stream().mapToInt(this::limit).toArray(),
                    generation(step, adapters.names(), base.tokenizer()));
        List<Rollout> rollouts = new ArrayList<>(queries.size());
        for (int row = 0; row < queries.size(); row++) {
          rollouts.add(rollout(queries.get(row), generations.get(row), base.tokenizer()));
        }
        return rollouts;
      }
    }
  }

  private GenerationSpec generation(int step, Set<String> adapters, TextTokenizer tokenizer) {
    StopRule stop =
        spec.endOfText()
            ? new StopRule(new HashSet<>(tokenizer.endOfTextIds()), Set.of())
            : StopRule.never();
    return new GenerationSpec(
        adapters,
        new SamplingSpec((float) spec.temperature(), 0, 1),
        stop,
        policy.seed(),
        step,
        memory.settings().maxRows());
  }

  /** The length at which a query's response ends: a draw of its own. */
  private int limit(Query query) {
    int choices = spec.responseMaxTokens() - spec.responseMinTokens() + 1;
    return spec.responseMinTokens()
        + new KeyedDraw(policy.seed(), Stream.RESPONSE_LENGTH)
            .below(query.step() + ":" + query.queryId(), choices);
  }

  private Rollout rollout(Query query, Generation generation, TextTokenizer tokenizer) {
    Response response =
        new Response(
            tokenizer.decodeWithoutSpecialTokens(generation.tokens()),
            IntSequence.of(generation.tokens()),
            FloatSequence.of(generation.logprobs()),
            switch (generation.end()) {
              case END_OF_TEXT -> StopReason.END_OF_TEXT;
              case STOP_TOKEN -> StopReason.STOP_TOKEN;
              case LENGTH -> StopReason.LENGTH;
            });
    Provenance provenance =
        new Provenance(
            policy.run(),
            policy.seed(),
            policy.base().digest(),
            policy.adapterDigest(),
            Digests.sha256(spec.toString()),
            query.step() * MILLIS_PER_STEP);
    return new Rollout(query, response, List.of(), provenance);
  }
}
