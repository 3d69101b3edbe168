package dev.cantilever.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Components as the tokenizers of the families have them, over vocabularies of a few tokens: none
 * of these is refused, and their added tokens are found.
 */
class KnownComponentsTest {

  private static final JsonMapper JSON = new JsonMapper();

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "ab a  b\n\n\ta",
          "a<x> \n b",
          "It's 12345, isn't it? \u4e2d\u6587\u201cab\u201d \ud83d\ude00 e\u0301 \ufb01",
          "    ab\r\n\r\n  (a|b) {a} [b] \\");

  private static final String BYTES =
      "{'type':'ByteLevel','add_prefix_space':%b,'trim_offsets':%b,'use_regex':%b}";

  private static final String SPACES =
      "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'%s','split':%b}";

  private static final String SENTENCE_PIECES =
      "{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'String':'\u2581'},'content':' '},"
          + "{'type':'ByteFallback'},{'type':'Fuse'}%s]}";

  private static final String BEGINNING =
      "{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'<s>','type_id':0}},"
          + "{'Sequence':{'id':'A','type_id':0}}],'pair':[{'Sequence':{'id':'A','type_id':0}},"
          + "{'Sequence':{'id':'B','type_id':1}}],"
          + "'special_tokens':{'<s>':{'id':'<s>','ids':[3],'tokens':['<s>']}}}";

  /** Words, contractions and numbers; escaped twice, for JSON in Java. */
  private static final String LLAMA3_WORDS =
      "(?i:\\u0027s|\\u0027t|\\u0027re|\\u0027ve|\\u0027m|\\u0027ll|\\u0027d)"
          + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
          + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final String POSSESSIVE_WORDS =
      "(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+"
          + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s";

  private static final String CASED_WORDS =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
          + "(?i:\\u0027s|\\u0027ll)?|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+";

  private static final String DEEPSEEK_WORDS =
      "[!\\u0022#$%&\\u0027()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
          + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s+(?!\\S)";

  private enum Known {
    LLAMA3(
        "null",
        split(LLAMA3_WORDS, "Isolated", false) + "," + BYTES.formatted(false, true, false),
        "{'type':'Sequence','processors':["
            + BYTES.formatted(true, false, true)
            + ","
            + BEGINNING
            + "]}",
        BYTES.formatted(true, true, true)),
    QWEN(
        "{'type':'NFC'}",
        split(LLAMA3_WORDS, "Isolated", false) + "," + BYTES.formatted(false, false, false),
        BYTES.formatted(false, false, false),
        BYTES.formatted(false, false, false)),
    GPT4(
        "null",
        split(POSSESSIVE_WORDS, "Removed", true),
        "null",
        BYTES.formatted(true, true, true)),
    MISTRAL_NEMO("null", split(CASED_WORDS, "Isolated", false), BEGINNING, "null"),
    DEEPSEEK(
        "{'type':'Sequence','normalizers':[]}",
        Stream.of(
                    "\\p{N}{1,3}",
                    "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
                    DEEPSEEK_WORDS,
                    "[\\r\\n]",
                    "\\s?[!-/:-~\uff01-\uff0f\u2018-\u201f]+",
                    "\\s+$")
                .map(pattern -> split(pattern, "Isolated", false))
                .reduce((first, second) -> first + "," + second)
                .orElseThrow()
            + ",{'type':'Digits','individual_digits':true},"
            + BYTES.formatted(false, true, false),
        BYTES.formatted(true, false, true),
        BYTES.formatted(true, true, true)),
    GEMMA(
        "{'type':'Replace','pattern':{'String':' '},'content':'\u2581'}",
        "{'type':'Split','pattern':{'String':' '},'behavior':'MergedWithPrevious','invert':false}",
        BEGINNING,
        SENTENCE_PIECES.formatted("")),
    LLAMA2(
        "{'type':'Sequence','normalizers':[{'type':'Prepend','prepend':'\u2581'},"
            + "{'type':'Replace','pattern':{'String':' '},'content':'\u2581'}]}",
        "",
        BEGINNING,
        SENTENCE_PIECES.formatted(",{'type':'Strip','content':' ','start':1,'stop':0}")),
    MISTRAL("null", SPACES.formatted("first", false), BEGINNING, SENTENCE_PIECES.formatted("")),
    BERT(
        "{'type':'BertNormalizer','clean_text':true,'handle_chinese_chars':true,"
            + "'strip_accents':null,'lowercase':true}",
        "{'type':'BertPreTokenizer'}",
        "{'type':'BertProcessing','sep':['</s>',4],'cls':['<s>',3]}",
        "{'type':'WordPiece','prefix':'##','cleanup':true}"),
    ROBERTA(
        "null",
        BYTES.formatted(false, true, true),
        "{'type':'RobertaProcessing','sep':['</s>',4],'cls':['<s>',3],'trim_offsets':true,"
            + "'add_prefix_space':false}",
        BYTES.formatted(true, true, true)),
    BLOOM(
        "null",
        split(" ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+", "Isolated", false)
            + ","
            + BYTES.formatted(false, true, false),
        BYTES.formatted(true, false, false),
        BYTES.formatted(true, true, false)),
    FALCON(
        "null",
        "{'type':'Punctuation','behavior':'Contiguous'},"
            + BYTES.formatted(false, true, true)
            + ",{'type':'Digits','individual_digits':false},"
            + split("[0-9][0-9][0-9]", "Isolated", false),
        "null",
        BYTES.formatted(true, true, true)),
    T5(
        "{'type':'Sequence','normalizers':[{'type':'Precompiled','precompiled_charsmap':'%s'},"
            + "{'type':'Strip','strip_left':false,'strip_right':true},"
            + "{'type':'Replace','pattern':{'Regex':' {2,}'},'content':'\u2581'}]}",
        "{'type':'WhitespaceSplit'},"
            + "{'type':'Metaspace','replacement':'\u2581','add_prefix_space':true}",
        BEGINNING,
        SPACES.formatted("always", true)),
    DEBERTA(
        "{'type':'Sequence','normalizers':[{'type':'Strip','strip_left':true,'strip_right':true},"
            + "{'type':'Precompiled','precompiled_charsmap':'%s'},"
            + "{'type':'Replace','pattern':{'Regex':' {2,}'},'content':' '}]}",
        SPACES.formatted("always", true), BEGINNING, SPACES.formatted("always", true)),
    DEBERTA_OF_TRANSFORMERS_5(
        "{'type':'Sequence','normalizers':[{'type':'Replace','pattern':{'Regex':"
            + "'\\s{2,}|[\\n\\r\\t]'},'content':' '},{'type':'NFC'},"
            + "{'type':'Strip','strip_left':false,'strip_right':true}]}",
        "{'type':'Punctuation','behavior':'Isolated'}," + SPACES.formatted("never", true),
        "null",
        "null"),
    ALBERT(
        "{'type':'Sequence','normalizers':[{'type':'Replace','pattern':{'String':'``'},"
            + "'content':'\\u0022'},{'type':'NFKD'},{'type':'StripAccents'},{'type':'Lowercase'},"
            + "{'type':'Precompiled','precompiled_charsmap':'%s'},"
            + "{'type':'Replace','pattern':{'Regex':' {2,}'},'content':' '}]}",
        SPACES.formatted("always", true), "null", "null");

    private final String normalizer;
    private final String words;
    private final String processor;
    private final String decoder;

    Known(String normalizer, String words, String processor, String decoder) {
      this.normalizer = normalizer;
      this.words = words;
      this.processor = processor;
      this.decoder = decoder;
    }

    private static String split(String pattern, String behavior, boolean invert) {
      return "{'type':'Split','pattern':{'Regex':'%s'},'behavior':'%s','invert':%b}"
          .formatted(pattern, behavior, invert);
    }
  }

  private record Added(String content, boolean lstrip, boolean rstrip, boolean normalized) {}

  @TempDir private Path directory;

  private static String charsmap() throws IOException {
    return SentencePieceModel.read(
            Path.of("src", "test", "resources", "sentencepiece", "unigram.model"))
        .charsmap();
  }

  /** Loads components with added tokens; the ids of the tokens begin at 5. */
  private TextTokenizer load(Known known, List<Added> added) throws IOException {
    String parts =
        "{'version':'1.0','truncation':null,'padding':null,'normalizer':%s,'pre_tokenizer':%s,"
                .formatted(
                    known.normalizer.contains("%s")
                        ? known.normalizer.formatted(charsmap())
                        : known.normalizer,
                    known.words.isEmpty()
                        ? "null"
                        : "{'type':'Sequence','pretokenizers':[" + known.words + "]}")
            + "'post_processor':%s,'decoder':%s,".formatted(known.processor, known.decoder)
            + "'model':{'type':'BPE','unk_token':'<x>','fuse_unk':true,"
            + "'vocab':{'a':0,'b':1,'ab':2,'<s>':3,'</s>':4,'<x>':5},'merges':['a b']}}";
    ObjectNode json =
        (ObjectNode)
            JSON.readTree(
                parts.replace("\\", "\\\\").replace("\\\\u00", "\\u00").replace('\'', '"'));
    ArrayNode tokens = json.putArray("added_tokens");
    for (int i = 0; i < added.size(); i++) {
      Added token = added.get(i);
      tokens
          .addObject()
          .put("id", 5 + i)
          .put("content", token.content())
          .put("single_word", false)
          .put("lstrip", token.lstrip())
          .put("rstrip", token.rstrip())
          .put("normalized", token.normalized())
          .put("special", !token.normalized());
    }
    Files.writeString(directory.resolve("tokenizer.json"), json.toString());
    return TextTokenizer.load(directory);
  }

  private void finds(Known known, List<Added> added) throws IOException {
    try (TextTokenizer tokenizer = load(known, added)) {
      for (String text : TEXTS) {
        tokenizer.decode(tokenizer.encodeWithSpecialTokens(text));
      }
      for (Added token : added) {
        int id = tokenizer.id(token.content()).orElseThrow();
        if (!token.normalized()) {
          assertThat(tokenizer.encode("a" + token.content() + "b")).contains(id);
        }
      }
    }
  }

  private static Added plain(String content) {
    return new Added(content, false, false, false);
  }

  /** As {@code add_tokens} of transformers makes one of a string. */
  private static Added byUser(String content) {
    return new Added(content, false, false, true);
  }

  private static Stream<Added> reserved(String pattern, int count) {
    return IntStream.range(0, count).mapToObj(i -> plain(pattern.formatted(i)));
  }

  @ParameterizedTest
  @EnumSource(Known.class)
  void components_withTokensOfEveryKind_areTaken(Known known) throws IOException {
    Stream<Added> own =
        Stream.of(
                Stream.of(plain("<x>"), new Added("<mask>", true, false, false)),
                Stream.of("<\uff5cbegin\u2581of\u2581sentence\uff5c>", "[MASK]")
                    .map(t -> byUser(t)),
                Stream.of("\u00d5", "\u00fd", "\u00ff", "\u00e9").map(t -> byUser(t)),
                Stream.of("{", "}", "<", "\\", "`", "~", "^", "\\n").map(t -> byUser(t)),
                Stream.of("\u201c", "\u20ac", "\u4e2d\u6587", "\ud83d\ude00").map(t -> byUser(t)),
                Stream.of("\u2581\u2581", "<|im_start|>", "</think>").map(t -> plain(t)),
                reserved("<|reserved_special_token_%d|>", 256),
                reserved("[control_%d]", 700))
            .flatMap(tokens -> tokens);

    finds(known, own.toList());
  }

  /** Spaces of GPT-NeoX and of Gemma, and lines. */
  @ParameterizedTest
  @EnumSource(
      value = Known.class,
      names = {"LLAMA3", "QWEN", "DEEPSEEK", "GEMMA", "LLAMA2", "MISTRAL", "ROBERTA", "BLOOM"})
  void tokensOfSpacesAlone_whereNothingIsTakenAway_areTaken(Known known) throws IOException {
    Stream<Added> spaces = IntStream.range(2, 25).mapToObj(n -> byUser(" ".repeat(n)));
    Stream<Added> lines = IntStream.range(1, 32).mapToObj(n -> plain("\n".repeat(n)));
    Stream<Added> tabs = IntStream.range(2, 10).mapToObj(n -> plain("\t".repeat(n)));

    finds(
        known,
        Stream.of(Stream.of(plain("<x>")), spaces, lines, tabs).flatMap(tokens -> tokens).toList());
  }

  /** As Phi-3's, which take the space behind them, with a line that a user has added. */
  @Test
  void tokensThatTakeSpace_besideSpaceOfAnotherPass_areTaken() throws IOException {
    List<Added> added =
        List.of(
            plain("<x>"), new Added("<|user|>", false, true, false), byUser("\n"), byUser("  "));

    finds(Known.LLAMA2, added);
    try (TextTokenizer tokenizer = load(Known.LLAMA2, added)) {
      assertThat(tokenizer.encode("<|user|>\n  a")).startsWith(6).endsWith(0);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Known.class,
      names = {"LLAMA3", "QWEN", "GPT4", "MISTRAL_NEMO", "DEEPSEEK", "BLOOM", "FALCON", "GEMMA"})
  void words_ofAKnownPattern_areCut(Known known) throws IOException {
    try (TextTokenizer tokenizer = load(known, List.of(plain("<x>")))) {
      assertThat(tokenizer.encode("ab, ab")).startsWith(2).endsWith(2);
    }
  }
}
