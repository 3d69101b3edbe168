package dev.cantilever.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the native library takes for granted, and may end the process over. */
class ComponentCheckTest {

  private static final String PLAIN =
      """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[%s],"normalizer":%s,
       "pre_tokenizer":%s,"post_processor":%s,"decoder":%s,
       "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]%s}}
      """;

  private static final String TOKEN =
      "{'id':%d,'content':'%s','single_word':false,'lstrip':false,'rstrip':%b,"
          + "'normalized':%b,'special':false}";

  @TempDir private Path directory;

  private void load(
      String added, String normalizer, String words, String processor, String decoder, String model)
      throws IOException {
    String json =
        PLAIN.formatted(added, normalizer, words, processor, decoder, model).replace('\'', '"');
    Files.writeString(directory.resolve("tokenizer.json"), json);
    try (TextTokenizer tokenizer = TextTokenizer.load(directory)) {
      assertThat(tokenizer.encode("ab")).containsExactly(2);
    }
  }

  private void refused(
      String expected,
      String added,
      String normalizer,
      String words,
      String processor,
      String decoder,
      String model) {
    assertThatThrownBy(() -> load(added, normalizer, words, processor, decoder, model))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("tokenizer.json: expected " + expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'SpecialToken':{'id':'x','type_id':0}}|{}|a template of special_tokens",
        "{'Sequence':{'id':'B','type_id':0}}|{}|a template 'single' of one text",
        "{'SpecialToken':{'id':'x','type_id':0}}|{'x':{'id':'x','ids':[1],'tokens':[]}}|as many ids",
      })
  void template_thatNamesWhatIsNotThere_isRefused(String piece, String tokens, String expected) {
    String single = "[{'Sequence':{'id':'A','type_id':0}}," + piece + "]";
    refused(
        expected,
        "",
        "null",
        "null",
        "{'type':'TemplateProcessing','single':%s,'pair':[],'special_tokens':%s}"
            .formatted(single, tokens),
        "null",
        "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'type':'BertNormalizer','clean_text':true,'handle_chinese_chars':true,"
            + "'strip_accents':null,'lowercase':true}|\\u0000",
        "{'type':'Strip','strip_left':true,'strip_right':true}|\\u00a0",
        "{'type':'StripAccents'}|\\u0301",
        "{'type':'BertNormalizer','clean_text':true,'handle_chinese_chars':false,"
            + "'strip_accents':false,'lowercase':false}|\\ufffd",
        "{'type':'Replace','pattern':{'String':' '},'content':''}|' '",
        "{'type':'Replace','pattern':{'String':'x'},'content':''}|x"
      })
  void addedToken_thatNormalisingLeavesNothingOf_isRefused(String normalizer, String content)
      throws IOException {
    String refused = TOKEN.formatted(3, content, false, true);
    refused("added tokens that are found", refused, normalizer, "null", "null", "null", "");

    load(TOKEN.formatted(3, content, false, false), normalizer, "null", "null", "null", "");
    if (!normalizer.contains("'x'")) {
      load(TOKEN.formatted(3, "<x>", false, true), normalizer, "null", "null", "null", "");
    }
  }

  @Test
  void addedTokens_thatClaimTheSameSpace_areRefused() throws IOException {
    String takes = TOKEN.formatted(3, "<x>", true, false);
    String is = TOKEN.formatted(4, " ", false, false);
    load(takes, "null", "null", "null", "null", "");
    load(is.replace("4", "3"), "null", "null", "null", "null", "");
    refused("added tokens that are found", takes + "," + is, "null", "null", "null", "null", "");
  }

  /** Nmt writes a space for U+2581. */
  @Test
  void addedTokens_thatClaimTheSameSpaceOnceNormalized_areRefused() throws IOException {
    String nmt = "{'type':'Nmt'}";
    String tokens = TOKEN.formatted(3, "<x>", true, true) + ",";
    String space = TOKEN.formatted(4, "\u2581", false, true);
    refused("added tokens that are found", tokens + space, nmt, "null", "null", "null", "");
    load(tokens + TOKEN.formatted(4, "y", false, true), nmt, "null", "null", "null", "");
  }

  @Test
  void decoder_thatStripsFromTheEnd_isRefused() throws IOException {
    String strip = "{'type':'Strip','content':' ','start':1,'stop':%d}";
    load("", "null", "null", "null", strip.formatted(0), "");
    refused("a decoder that strips", "", "null", "null", "null", strip.formatted(1), "");
  }

  @Test
  void merges_withoutThePrefixWithinWords_areRefused() {
    refused(
        "merges whose second token begins",
        "",
        "null",
        "null",
        "null",
        "null",
        ",'continuing_subword_prefix':'####'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"(a+)+", "(?:a|b)*c", "(x\\s{2,})+", "((a*)b)+", "(a{1,500}){2,}", "x(?:[a-z]+)*"})
  void pattern_thatRepeatsARepetition_isNotBounded(String pattern) {
    assertThat(PatternCheck.isBounded(pattern)).isFalse();
  }

  /** What tokenizers of models on the hub cut words by. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s*[\\r\\n]+|\\s+(?!\\S)",
        "[^\\r\\n]?[\\p{Lu}\\p{M}]*[\\p{Ll}\\p{M}]+(?i:'s|'ll)?| ?[^\\s]+[\\r\\n/]*",
        " ?[^(\\s|[.,!?\u2026\u3002])]+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+",
        "(?:\\p{L})+",
        " {2,}",
        "(?:\\r?\\n)+",
        "[]a(+*]+",
      })
  void pattern_ofAKnownKind_isBounded(String pattern) {
    assertThat(PatternCheck.isBounded(pattern)).isTrue();
  }

  /** A trie that leads 'a' to the first replacement, in an array of 256 units. */
  private static byte[] charsmap(int offset, int value, String replacements) {
    int[] units = new int[512];
    units[0] = 1 << 10; // the root's base is 1
    units[1 ^ 'a'] = 'a' | 1 << 8 | offset << 10;
    int leaf = 1 ^ 'a' ^ offset;
    if (leaf < units.length) {
      units[leaf] = value | 1 << 31;
    }
    byte[] text = replacements.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(4 + 4 * units.length + text.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(4 * units.length);
    for (int unit : units) {
      bytes.putInt(unit);
    }
    return bytes.put(text).array();
  }

  private static boolean sound(byte[] charsmap) {
    return Charsmap.read(Base64.getEncoder().encodeToString(charsmap)).isPresent();
  }

  @Test
  void charsmap_thatLeadsOutside_isNotSound() {
    assertThat(sound(charsmap(256, 0, "e\0"))).isTrue();
    assertThat(sound(charsmap(4096, 0, "e\0"))).as("a node behind the trie").isFalse();
    assertThat(sound(charsmap(256, 3, "e\0"))).as("a text behind the last").isFalse();
    assertThat(sound(charsmap(256, 1, "\u00e9\0"))).as("within a character").isFalse();
    assertThat(sound(charsmap(256, 1, "e\0"))).as("a letter by nothing").isFalse();
    byte[] broken = charsmap(256, 0, "e\0");
    broken[3] = 127;
    assertThat(sound(broken)).as("a size beyond the file").isFalse();
    byte[] notUtf8 = charsmap(256, 0, "e\0");
    notUtf8[notUtf8.length - 2] = (byte) 0xff;
    assertThat(sound(notUtf8)).isFalse();
    for (String text : List.of("", "AAAA", "A", "====", "AAQAAB")) {
      assertThat(Charsmap.read(text)).as(text).isEmpty();
    }
  }
}
