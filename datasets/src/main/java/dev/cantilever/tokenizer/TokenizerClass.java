package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The classes of transformers whose vocabulary files are enough to make a {@code tokenizer.json},
 * with the special tokens that a class has where its files name none.
 */
enum TokenizerClass {
  GPT2(
      Form.BYTE_PAIRS,
      List.of("GPT2Tokenizer", "CodeGenTokenizer"),
      List.of("gpt2", "opt", "gptj", "gpt_neo", "codegen"),
      Map.of("bos", "<|endoftext|>", "eos", "<|endoftext|>", "unk", "<|endoftext|>")),
  GPT_NEOX(
      Form.BYTE_PAIRS,
      List.of("GPTNeoXTokenizer"),
      List.of("gpt_neox"),
      Map.of(
          "bos",
          "<|endoftext|>",
          "eos",
          "<|endoftext|>",
          "unk",
          "<|endoftext|>",
          "pad",
          "<|padding|>")),
  ROBERTA(
      Form.BYTE_PAIRS,
      List.of("RobertaTokenizer", "BartTokenizer"),
      List.of("roberta", "bart"),
      Map.of(
          "bos", "<s>", "eos", "</s>", "unk", "<unk>", "sep", "</s>", "pad", "<pad>", "cls", "<s>",
          "mask", "<mask>")),
  QWEN2(
      Form.BYTE_PAIRS,
      List.of("Qwen2Tokenizer"),
      List.of("qwen2", "qwen3"),
      Map.of("eos", "<|endoftext|>", "unk", "<|endoftext|>", "pad", "<|endoftext|>")),
  BERT(
      Form.WORD_PIECES,
      List.of("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer"),
      List.of("bert", "distilbert", "electra"),
      Map.of("unk", "[UNK]", "sep", "[SEP]", "pad", "[PAD]", "cls", "[CLS]", "mask", "[MASK]")),
  T5(
      Form.SENTENCE_PIECES,
      List.of("T5Tokenizer"),
      List.of("t5", "mt5", "umt5"),
      Map.of("eos", "</s>", "unk", "<unk>", "pad", "<pad>")),
  LLAMA(
      Form.SENTENCE_PIECES,
      List.of("LlamaTokenizer"),
      List.of("llama", "mistral", "phi3"),
      Map.of("bos", "<s>", "eos", "</s>", "unk", "<unk>")),
  GEMMA(
      Form.SENTENCE_PIECES,
      List.of("GemmaTokenizer"),
      List.of("gemma", "gemma2"),
      Map.of("bos", "<bos>", "eos", "<eos>", "unk", "<unk>", "pad", "<pad>")),
  DEBERTA_V2(
      Form.SENTENCE_PIECES,
      List.of("DebertaV2Tokenizer"),
      List.of("deberta-v2"),
      Map.of(
          "bos", "[CLS]", "eos", "[SEP]", "unk", "[UNK]", "sep", "[SEP]", "pad", "[PAD]", "cls",
          "[CLS]", "mask", "[MASK]"));

  /** What a vocabulary lies as. */
  enum Form {
    BYTE_PAIRS,
    WORD_PIECES,
    SENTENCE_PIECES
  }

  private static final String FAST = "Fast";

  private final Form form;
  private final List<String> names;
  private final List<String> modelTypes;
  private final Map<String, String> specialTokens;

  TokenizerClass(
      Form form, List<String> names, List<String> modelTypes, Map<String, String> specialTokens) {
    this.form = form;
    this.names = names;
    this.modelTypes = modelTypes;
    this.specialTokens = specialTokens;
  }

  /** Spellings by role. */
  Map<String, String> specialTokens() {
    return specialTokens;
  }

  /**
   * The class of a model directory: {@code tokenizer_class} of its {@code tokenizer_config.json},
   * else what {@code model_type} of its {@code config.json} has.
   *
   * @param form what its vocabulary lies as
   * @throws DatasetException if none is stated, or none of this form in this list
   */
  static TokenizerClass of(Path directory, Form form) throws IOException {
    Optional<String> stated = stated(directory, "tokenizer_config.json", "tokenizer_class");
    Optional<String> type = stated(directory, "config.json", "model_type");
    return Arrays.stream(values())
        .filter(c -> c.form == form)
        .filter(
            c ->
                stated
                    .map(name -> c.names.contains(withoutFast(name)))
                    .orElseGet(() -> type.filter(c.modelTypes::contains).isPresent()))
        .findFirst()
        .orElseThrow(
            () ->
                new DatasetException(
                    directory.toString(),
                    "a tokenizer_class of "
                        + Arrays.stream(values())
                            .filter(c -> c.form == form)
                            .flatMap(c -> c.names.stream())
                            .collect(Collectors.joining(", "))
                        + " beside a vocabulary without tokenizer.json",
                    stated.orElseGet(
                        () -> type.map(t -> "model_type '" + t + "'").orElse("none stated")),
                    "Save the tokenizer there with transformers' save_pretrained (fast tokenizer)"));
  }

  private static Optional<String> stated(Path directory, String file, String key)
      throws IOException {
    Path path = directory.resolve(file);
    if (!Files.exists(path)) {
      return Optional.empty();
    }
    JsonNode value = Vocabulary.json(path).path(key);
    return value.isTextual() ? Optional.of(value.textValue()) : Optional.empty();
  }

  private static String withoutFast(String name) {
    return name.endsWith(FAST) ? name.substring(0, name.length() - FAST.length()) : name;
  }
}
