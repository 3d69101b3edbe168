package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  @TempDir private Path dir;

  @Test
  void run_generationConfig_isTheDefaultUnderTheRecipe() throws IOException {
    Path model = model();
    Files.writeString(
        model.resolve("generation_config.json"),
        """
        {"do_sample": false, "max_new_tokens": 3, "repetition_penalty": 1.3, "top_p": 1.0,
         "num_beams": 1, "transformers_version": "5.0.0"}
        """);

    assertThat(generate(model, "This movie was")).isEqualTo(ExitCode.DONE);
    String greedy = text();
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("generation_config.json: generation.max_new_tokens=3, generation.temperature=0.0")
        .contains("generation_config.json: ignored repetition_penalty 1.3\n");

    assertThat(generate(model, "This movie was", "--seed", "8")).isEqualTo(ExitCode.DONE);
    assertThat(text()).isEqualTo(greedy);

    assertThat(generate(model, "This movie was", "--set", "generation.max_new_tokens=12"))
        .isEqualTo(ExitCode.DONE);
    assertThat(text()).startsWith(greedy).hasSizeGreaterThan(greedy.length());
  }

  @Test
  void run_severalStopTokens_eachEndsTheText() throws IOException {
    Path model = model();
    String config = "{\"do_sample\": false, \"max_new_tokens\": 20, \"eos_token_id\": %s}";
    Files.writeString(model.resolve("generation_config.json"), config.formatted("0"));
    assertThat(generate(model, "This movie was")).isEqualTo(ExitCode.DONE);
    String whole = text();
    StringBuilder everyId = new StringBuilder("[0");
    for (int id = 1; id < 1000; id++) {
      everyId.append(", ").append(id);
    }

    Files.writeString(model.resolve("generation_config.json"), config.formatted(everyId + "]"));
    Path modelConfig = model.resolve("config.json"); // another model to the process
    Files.writeString(
        modelConfig,
        Files.readString(modelConfig).replaceFirst("\\{", "{\"_name_or_path\": \"other\","));
    assertThat(generate(model, "This movie was")).isEqualTo(ExitCode.DONE);

    assertThat(whole).startsWith(text()).hasSizeGreaterThan(text().length());
  }

  @Test
  void run_chat_rendersTheTemplateAndAnswers() throws IOException {
    Path model = model();
    Files.writeString(
        model.resolve("chat_template.jinja"),
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
            + "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}");
    Path file = dir.resolve("chats.jsonl");
    Files.writeString(
        file,
        """
        {"messages": [{"role": "user", "content": "Hi"}]}

        [{"role": "system", "content": "Short."}, {"role": "user", "content": "Bye"}]
        """);

    assertThat(generate(model, "Good film?", "--chat", "--messages", file.toString()))
        .isEqualTo(ExitCode.DONE);

    assertThat(lastLine().get("texts").findValuesAsText("prompt"))
        .containsExactly(
            "user: Good film?\nassistant:",
            "user: Hi\nassistant:",
            "system: Short.\nuser: Bye\nassistant:");
  }

  @Test
  void run_chatWithoutATemplate_isOneMessageAndExitTwo() throws IOException {
    assertThat(generate(model(), "Hi", "--chat")).isEqualTo(ExitCode.USAGE);

    assertThat(err.toString(StandardCharsets.UTF_8)).contains("expected a chat template");
  }

  private Path model() throws IOException {
    return EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, dir);
  }

  private ExitCode generate(Path model, String prompt, String... more) {
    out.reset();
    err.reset();
    return new Cantilever(
            Commands.table(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(
            Stream.concat(
                    Stream.of("generate", "--json", "--model", model.toString(), prompt),
                    Stream.of(more))
                .toList());
  }

  private String text() throws IOException {
    return lastLine().get("texts").get(0).get("text").textValue();
  }

  private JsonNode lastLine() throws IOException {
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
    return new ObjectMapper().readTree(lines.get(lines.size() - 1));
  }
}
