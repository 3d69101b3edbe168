package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.backend.Backends;
import dev.cantilever.parity.Fixtures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code plan} and {@code bench} on a model of which only {@code config.json} is there. */
class BenchCommandTest {

  private static final String TINY =
      """
      {"model_type": "gpt_neox", "hidden_size": 64, "num_attention_heads": 4,
       "num_hidden_layers": 2, "intermediate_size": 128, "vocab_size": 160,
       "hidden_act": "gelu", "rotary_pct": 0.25, "max_position_embeddings": 64}
      """;

  private static final String TINY_LLAMA =
      """
      {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4,
       "num_key_value_heads": 2, "num_hidden_layers": 2, "intermediate_size": 96,
       "vocab_size": 160, "hidden_act": "silu", "max_position_embeddings": 64}
      """;

  private static final String LLAMA_8B =
      """
      {"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32,
       "num_key_value_heads": 8, "num_hidden_layers": 32, "intermediate_size": 14336,
       "vocab_size": 128256, "hidden_act": "silu", "max_position_embeddings": 8192,
       "rope_theta": 500000.0, "torch_dtype": "bfloat16"}
      """;

  private static final String NEOX_20B =
      """
      {"model_type": "gpt_neox", "hidden_size": 6144, "num_attention_heads": 64,
       "num_hidden_layers": 44, "intermediate_size": 24576, "vocab_size": 50432,
       "hidden_act": "gelu_fast", "rotary_pct": 0.25, "max_position_embeddings": 2048}
      """;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  @TempDir private Path folder;
  private Path tiny;
  private Path neox;

  @BeforeEach
  void describe() throws IOException {
    tiny = Files.writeString(folder.resolve("tiny.json"), TINY);
    neox = Files.writeString(folder.resolve("neox.json"), NEOX_20B);
  }

  private ExitCode run(List<String> arguments) {
    out.reset();
    err.reset();
    return new Cantilever(
            Commands.table(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(arguments);
  }

  /** One measured step of a small workload. */
  private ExitCode bench(Path model, String... optionsAndValues) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("--model", model.toString());
    options.put("--budget", "256MiB");
    options.put("--rows", "4");
    options.put("--prompt", "3");
    options.put("--response", "5");
    options.put("--minibatch", "2");
    options.put("--epochs", "2");
    options.put("--steps", "1");
    for (int i = 0; i < optionsAndValues.length; i += 2) {
      options.put(optionsAndValues[i], optionsAndValues[i + 1]);
    }
    List<String> arguments = new ArrayList<>(List.of("bench", "--json"));
    options.forEach((option, value) -> arguments.addAll(List.of(option, value)));
    return run(arguments);
  }

  private ExitCode plan(String... arguments) {
    List<String> all = new ArrayList<>(List.of("plan"));
    all.addAll(List.of(arguments));
    return run(all);
  }

  private JsonNode json() throws IOException {
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
    return new ObjectMapper().readTree(lines.get(lines.size() - 1));
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void bench_ofAWholeStep_measuresWhatWasPlanned() throws IOException {
    Path file = folder.resolve("bench.json");

    assertThat(bench(tiny, "--out", file.toString())).as(said()).isEqualTo(ExitCode.DONE);

    JsonNode json = json();
    assertThat(json.at("/peak_bytes")).isEqualTo(json.at("/plan/bytes"));
    assertThat(json.at("/arena_bytes")).isEqualTo(json.at("/plan/arena_bytes"));
    assertThat(json.at("/ratio_one").asBoolean()).isTrue();
    assertThat(json.at("/fresh_kl_zero").asBoolean()).isTrue();
    assertThat(json.at("/adapter_sha256").asText()).hasSize(64);
    for (String phase : List.of("rollout", "score", "update", "step")) {
      assertThat(json.at("/" + phase + "_s").asDouble()).as(phase).isPositive();
      assertThat(json.at("/" + phase + "_floor_s").asDouble()).as(phase).isPositive();
    }
    assertThat(json.at("/decode_ms").asDouble()).isPositive();
    assertThat(json.at("/driver").isNull()).isTrue();
    assertThat(new ObjectMapper().readTree(file.toFile())).isEqualTo(json);
    assertThat(said()).contains("base weights").contains("ratio exactly 1");
  }

  @Test
  void bench_ofALlama_measuresWhatWasPlanned() throws IOException {
    Path llama = Files.writeString(folder.resolve("llama.json"), TINY_LLAMA);

    assertThat(bench(llama)).as(said()).isEqualTo(ExitCode.DONE);

    assertThat(json().at("/peak_bytes")).isEqualTo(json().at("/plan/bytes"));
    assertThat(json().at("/ratio_one").asBoolean()).isTrue();
    assertThat(json().at("/fresh_kl_zero").asBoolean()).isTrue();
    assertThat(json().at("/decode_ms").asDouble()).isPositive();
  }

  @Test
  void plan_ofLlama8bFromItsConfig_fits16GiB() throws IOException {
    Path llama = Files.writeString(folder.resolve("llama8b.json"), LLAMA_8B);
    String[] work = {
      "--model", llama.toString(), "--backend", "cuda", "--budget", "16GiB", "--json"
    };

    assertThat(plan(work)).as(said()).isEqualTo(ExitCode.DONE);
    // 6.98 G of integers, 2 · 0.53 G of 16-bit embedding and head.
    assertThat(json().at("/bytes/base_weights").asLong()).isBetween(9_080_000_000L, 9_100_000_000L);
  }

  @Test
  void bench_runTwiceOverOtherPasses_leavesTheSameAdapter() throws IOException {
    assertThat(bench(tiny, "--phase", "update")).isEqualTo(ExitCode.DONE);
    String digest = json().at("/adapter_sha256").asText();

    assertThat(bench(tiny, "--phase", "update", "--set", "update.max_tokens=8"))
        .isEqualTo(ExitCode.DONE);
    assertThat(json().at("/adapter_sha256").asText()).isEqualTo(digest);
    assertThat(json().has("rollout_s")).isFalse();
    assertThat(bench(tiny, "--phase", "update", "--seed", "1")).isEqualTo(ExitCode.DONE);
    assertThat(json().at("/adapter_sha256").asText()).isNotEqualTo(digest);
  }

  @ParameterizedTest
  @CsvSource({"rollout", "score"})
  void bench_ofOnePhaseInLlmInt8_assertsNoIdentity(String phase) throws IOException {
    assertThat(bench(tiny, "--phase", phase, "--int8-mode", "llm-int8")).isEqualTo(ExitCode.DONE);

    assertThat(json().at("/ratio_one").isNull()).isTrue();
    assertThat(json().at("/" + phase + "_s").asDouble()).isPositive();
    assertThat(json().has("step_s")).isFalse();
  }

  @Test
  void bench_thatDoesNotFit_showsTheTableAndLoadsNothing() throws IOException {
    assertThat(bench(neox, "--backend", "cuda")).isEqualTo(ExitCode.OVER_BUDGET);

    assertThat(json().at("/fits").asBoolean(true)).isFalse();
    assertThat(said()).contains("base weights").contains("does not fit").contains("--budget");
  }

  @Test
  void bench_ofACheckpoint_loadsItsWeightsAndSaysHowFast() throws IOException {
    Path checkpoint = Fixtures.path("gpt_neox");
    assertThat(bench(checkpoint, "--phase", "update")).as(said()).isEqualTo(ExitCode.DONE);

    JsonNode loading = json().at("/loading");
    assertThat(loading.at("/bytes").asLong())
        .isEqualTo(Files.size(checkpoint.resolve("model.safetensors")));
    for (String key : List.of("seconds", "bytes_per_s", "plain_read_bytes_per_s", "share")) {
      assertThat(loading.at("/" + key).asDouble()).as(key).isPositive();
    }
    assertThat(json().at("/peak_bytes/base_weights"))
        .isEqualTo(json().at("/plan/bytes/base_weights"));
    assertThat(said()).contains("plain read");
    String digest = json().at("/adapter_sha256").asText();

    // By its config alone it is a model of the same shape with weights from a seed.
    assertThat(bench(checkpoint.resolve("config.json"), "--phase", "update"))
        .isEqualTo(ExitCode.DONE);
    assertThat(json().at("/loading").isNull()).isTrue();
    assertThat(json().at("/adapter_sha256").asText()).isNotEqualTo(digest);
  }

  @Test
  void plan_forCudaWithoutADeviceAndABudget_says24GiB() {
    assumeThat(Backends.cudaDevices()).isZero();

    assertThat(plan("--model", tiny.toString(), "--backend", "cuda")).isEqualTo(ExitCode.DONE);
    assertThat(said()).contains("no --budget given: 24.0 GiB").contains("no CUDA device");
  }

  @Test
  void plan_ofNeox20bFromItsConfig_fits24GiBAndNot16() throws IOException {
    String[] work = {
      "--model",
      neox.toString(),
      "--backend",
      "cuda",
      "--minibatch",
      "4",
      "--budget",
      "24GiB",
      "--json"
    };

    assertThat(plan(work)).isEqualTo(ExitCode.DONE);
    long needed = json().at("/process_bytes").asLong();
    assertThat(needed).isBetween(20L << 30, 24L << 30);
    assertThat(json().at("/bytes/base_weights").asLong()).isGreaterThan(19L << 30);
    assertThat(said()).contains("base weights").contains("fits on cuda");

    assertThat(plan("--model", neox.toString(), "--backend", "cuda", "--budget", "16GiB", "--json"))
        .isEqualTo(ExitCode.OVER_BUDGET);
    assertThat(json().at("/fits").asBoolean(true)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--rows 5 | 5 rows and mini-batches of 2",
        "--rows 0 | at least 1 row",
        "--steps 0 | --steps of at least 1",
        "--phase all | expected one of",
        "--response 64 | the model's 64 positions",
        "--out nowhere/bench.json | nowhere",
      })
  void bench_withBadOptions_isRefused(String options, String message) {
    assertThat(bench(tiny, options.split(" "))).isEqualTo(ExitCode.USAGE);

    assertThat(said()).contains(message);
  }

  @Test
  void plan_withoutAModel_isRefused() throws IOException {
    assertThat(plan()).isEqualTo(ExitCode.USAGE);
    assertThat(said()).contains("--model");
    assertThat(plan("--model", folder.resolve("absent.json").toString())).isEqualTo(ExitCode.USAGE);
    assertThat(said()).contains("absent.json");
    Path strange = Files.writeString(folder.resolve("strange.json"), "{\"model_type\": \"novel\"}");
    assertThat(plan("--model", strange.toString())).isEqualTo(ExitCode.USAGE);
    assertThat(said()).contains("model_type").contains("novel");
  }

  @Test
  void plan_ofTheWorkOthersWereMeasuredBy_takesLessThan23GiB() throws IOException {
    assertThat(
            plan(
                ("--model %s --backend cuda --budget 24GiB --rows 32 --prompt 8 --response 32"
                        + " --minibatch 4 --epochs 4 --json"
                        + " --set lora.target_modules=[query_key_value]")
                    .formatted(neox)
                    .split(" ")))
        .isEqualTo(ExitCode.DONE);
    long kept = json().at("/bytes/checkpointed").asLong();

    assertThat(json().at("/process_bytes").asLong()).isLessThan(23L << 30);
    assertThat(json().at("/settings/kept").asText()).isEqualTo("residual, qkv, attention, mlp pre");
    assertThat(kept).isBetween(1L << 30, 2L << 30);
  }

  @Test
  void help_ofBenchAndPlan_saysWhatKeepingCosts() {
    for (String command : List.of("bench", "plan")) {
      assertThat(run(List.of(command, "--help"))).isEqualTo(ExitCode.DONE);
      assertThat(out.toString(StandardCharsets.UTF_8))
          .contains("update.keep=products")
          .contains("computed again");
    }
  }

  @Test
  void bench_onCudaWithoutADevice_saysWhatIsMissing() {
    assumeThat(Backends.cudaDevices()).isZero();

    assertThat(bench(tiny, "--backend", "cuda", "--budget", "1GiB")).isEqualTo(ExitCode.DEVICE);
  }
}
