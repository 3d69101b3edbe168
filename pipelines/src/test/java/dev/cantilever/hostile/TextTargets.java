package dev.cantilever.hostile;

import dev.cantilever.chat.ChatTemplate;
import dev.cantilever.chat.Conversation;
import dev.cantilever.generate.ModelGenerationConfig;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Every file of text that a model directory brings along, in a folder of their own. */
final class TextTargets {

  private static final List<String> TEXTS =
      List.of(
          "",
          "low lower a ab",
          "  \ufb01ne  \n\n\tcaf\u00e9 e\u0301 \u4e2d\ud83d\ude00 ",
          "<s><|endoftext|></s>[SEP]<x> don't 12",
          "a".repeat(500) + " b".repeat(500));

  private static final Path TEMPLATES = Path.of("../datasets/src/test/resources/chat");

  private static final Path PIECES = Path.of("../datasets/src/test/resources/sentencepiece");

  private final Path folder;

  TextTargets(Path folder) {
    this.folder = folder;
  }

  List<TextTarget> all() throws IOException {
    List<TextTarget> targets = new ArrayList<>();
    targets.add(whole());
    targets.addAll(parts());
    targets.add(pieces("unigram.model", "spiece.model", "t5"));
    targets.add(pieces("byte_pairs.model", "tokenizer.model", "llama"));
    targets.add(pieces("gemma.model", "tokenizer.model", "gemma"));
    targets.add(pieces("deberta.model", "spm.model", "deberta-v2"));
    targets.add(template());
    targets.add(templateInConfig());
    targets.add(generation());
    return targets;
  }

  private TextTarget whole() throws IOException {
    Path model = Files.createDirectory(folder.resolve("whole"));
    return new TextTarget(
        "tokenizer.json",
        TokenizerSeeds.wholes().stream().map(TextTargets::bytes).toList(),
        (bytes, seed) -> {
          Files.write(model.resolve("tokenizer.json"), bytes);
          use(model);
        });
  }

  /** A target for each name of a file, in the tokenizers that have one. */
  private List<TextTarget> parts() throws IOException {
    Map<String, List<Path>> models = new LinkedHashMap<>();
    Map<String, List<byte[]>> seeds = new LinkedHashMap<>();
    for (Map<String, String> parts : TokenizerSeeds.parts()) {
      for (Map.Entry<String, String> damaged : parts.entrySet()) {
        String name = damaged.getKey();
        Path model = Files.createTempDirectory(folder, "parts");
        for (Map.Entry<String, String> part : parts.entrySet()) {
          Files.writeString(model.resolve(part.getKey()), part.getValue());
        }
        models.computeIfAbsent(name, unused -> new ArrayList<>()).add(model);
        seeds.computeIfAbsent(name, unused -> new ArrayList<>()).add(bytes(damaged.getValue()));
      }
    }
    List<TextTarget> targets = new ArrayList<>();
    seeds.forEach(
        (name, sound) -> {
          List<Path> directories = models.getOrDefault(name, List.of());
          targets.add(
              new TextTarget(
                  name,
                  sound,
                  (bytes, seed) -> {
                    Files.write(directories.get(seed).resolve(name), bytes);
                    use(directories.get(seed));
                  }));
        });
    return targets;
  }

  /** A sentencepiece model, of which a tokenizer is made. */
  private TextTarget pieces(String resource, String name, String modelType) throws IOException {
    Path model = Files.createDirectory(folder.resolve(modelType));
    Files.writeString(model.resolve("config.json"), "{\"model_type\":\"%s\"}".formatted(modelType));
    return new TextTarget(
        name + " of " + modelType,
        List.of(Files.readAllBytes(PIECES.resolve(resource))),
        (bytes, seed) -> {
          Files.write(model.resolve(name), bytes);
          use(model);
        });
  }

  /** Texts to ids and back. */
  private static void use(Path model) throws IOException {
    try (TextTokenizer tokenizer = TextTokenizer.load(model)) {
      for (String text : TEXTS) {
        int[] ids = tokenizer.encode(text);
        tokenizer.decode(ids);
        tokenizer.encodeToContinue(text);
        tokenizer.decodeWithoutSpecialTokens(tokenizer.encodeWithSpecialTokens(text));
      }
      int known = Math.min(tokenizer.vocabularySize(), 64);
      tokenizer.decode(IntStream.range(0, known).toArray());
      if (tokenizer.endOfTextIds().stream().anyMatch(id -> id >= tokenizer.vocabularySize())) {
        throw new AssertionError("an id beyond the vocabulary: " + tokenizer.endOfTextIds());
      }
    }
  }

  private static List<byte[]> templates() throws IOException {
    try (Stream<Path> folders = Files.list(TEMPLATES)) {
      List<byte[]> templates = new ArrayList<>();
      for (Path family : folders.sorted().toList()) {
        Path template = family.resolve("template.jinja");
        if (Files.exists(template)) { // constructs are of another form
          templates.add(Files.readAllBytes(template));
        }
      }
      return templates;
    }
  }

  private TextTarget template() throws IOException {
    Path model = Files.createDirectory(folder.resolve("template"));
    Files.writeString(
        model.resolve("tokenizer_config.json"), "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\"}");
    return new TextTarget(
        "chat_template.jinja",
        templates(),
        (bytes, seed) -> {
          Files.write(model.resolve("chat_template.jinja"), bytes);
          render(model);
        });
  }

  private TextTarget templateInConfig() throws IOException {
    Path model = Files.createDirectory(folder.resolve("template-in-config"));
    List<byte[]> seeds = new ArrayList<>();
    for (String template :
        List.of(
            "\"{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}\"",
            "[{\"name\":\"default\",\"template\":\"{{ messages[0].content }}{{ eos_token }}\"},"
                + "{\"name\":\"tools\",\"template\":\"\"}]")) {
      seeds.add(
          bytes(
              "{\"bos_token\":\"<s>\",\"eos_token\":{\"content\":\"</s>\"},\"chat_template\":%s}"
                  .formatted(template)));
    }
    return new TextTarget(
        "chat_template",
        seeds,
        (bytes, seed) -> {
          Files.write(model.resolve("tokenizer_config.json"), bytes);
          render(model);
        });
  }

  private static void render(Path model) throws IOException {
    Conversation conversation =
        Conversation.parse(
            """
            [{"role":"user","content":"A film?"},
             {"role":"assistant","content":"Heat."},{"role":"user","content":"<b>Why</b>?\\n"}]
            """,
            "test");
    ChatTemplate template = ChatTemplate.loadWithoutClock(model);
    template.render(conversation, true);
    template.render(Conversation.ofUser("Hi"), false);
  }

  private TextTarget generation() throws IOException {
    Path model = Files.createDirectory(folder.resolve("generation"));
    return new TextTarget(
        "sampling of generation_config.json",
        List.of(bytes(TokenizerSeeds.GENERATION)),
        (bytes, seed) -> {
          Files.write(model.resolve(ModelGenerationConfig.FILE), bytes);
          ModelGenerationConfig.read(model);
        });
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
