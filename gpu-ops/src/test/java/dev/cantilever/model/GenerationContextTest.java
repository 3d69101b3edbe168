package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.CachedRows;
import dev.cantilever.nn.KvCacheSize;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Steps of rows of {@code dynamic} positions, of which 18 are the original ones. */
class GenerationContextTest {

  private static final GenerationSpec SPEC =
      new GenerationSpec(Set.of(), SamplingSpec.GREEDY, StopRule.never(), 0, 0, 1);

  private static LanguageModel model(Backend backend, Arena weights) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path("llama_dynamic"))) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .languageModel();
    }
  }

  /** A GPU turns heads by what is placed for the step, not by what the attention says. */
  @Test
  void forRowsOf_aLengthBeyond_placesTokensByTheTableThatTheModelHas() throws IOException {
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        Arena arena = backend.budget().open("kv-cache", Purpose.KV_CACHE);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model = model(backend, weights);
      GenerationRow row = new GenerationRow(new int[20], 0, 1, OptionalInt.empty());
      KvCacheSize size = KvCacheSize.of(1, new int[] {20});
      GenerationCache cache =
          GenerationCache.of(backend, arena, model.architecture(), size, List.of(row), 1);
      row.enter(0, row);
      cache.enter(row, row);
      GenerationContext context = new GenerationContext(backend, model, memory, cache, SPEC);

      GenerationContext beyond = context.forRowsOf(20);

      RotarySpec table = model.architecture().forRowsOf(20).block().attention().rotary();
      assertThat(beyond.model().architecture().block().attention().rotary()).isEqualTo(table);
      assertThat(turnsOfPositionOne(backend, arena, beyond.cache()))
          .containsExactly(turns(table), within(1e-7f));
      assertThat(context.forRowsOf(18)).isSameAs(context);
    }
  }

  private static float[] turnsOfPositionOne(Backend backend, Arena arena, GenerationCache cache) {
    int[] offsets = {0, 2};
    Tensor slots = Tensor.in(arena, DType.I32, 1);
    Tensor deviceOffsets = Tensor.in(arena, DType.I32, 2);
    backend.transfers().upload(slots, new int[] {0});
    backend.transfers().upload(deviceOffsets, offsets);
    PackedRows rows = new PackedRows(offsets, deviceOffsets);
    CachedRows cached = cache.newTokens(rows, slots, Optional.empty(), arena);
    GenerationCache.place(cached);
    NewTokens tokens = cached.tokens();
    float[] turns = new float[tokens.turns().size(1)];
    backend.transfers().download(turns, tokens.turns().slice(1, 2));
    return turns;
  }

  private static float[] turns(RotarySpec table) {
    float[] turns = new float[table.dims()];
    for (int j = 0; j < turns.length / 2; j++) {
      turns[2 * j] = (float) Math.cos(table.frequencies().get(j));
      turns[2 * j + 1] = (float) Math.sin(table.frequencies().get(j));
    }
    return turns;
  }

  /** Prompts and limits: all within; across; the first decoding step beyond; all beyond. */
  @ParameterizedTest
  @CsvSource({"5, 9, 1", "15, 9, 1", "18, 9, 0", "20, 9, 0"})
  void steps_ofRowsBeyond_areNotRecorded(int prompt, int limit, int recordings) throws IOException {
    AtomicInteger recorded = new AtomicInteger();
    try (Backend cpu = Backends.cpu(64 << 20, 1);
        Arena weights = cpu.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(cpu, "test")) {
      new Generator(counting(cpu, recorded), model(cpu, weights))
          .generate(memory, TokenRows.of(new int[prompt]), new long[1], new int[] {limit}, SPEC);
    }
    assertThat(recorded).hasValue(recordings);
  }

  private static Backend counting(Backend backend, AtomicInteger recorded) {
    return (Backend)
        Proxy.newProxyInstance(
            Backend.class.getClassLoader(),
            new Class<?>[] {Backend.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("record")) {
                recorded.incrementAndGet();
              }
              try {
                return method.invoke(backend, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
