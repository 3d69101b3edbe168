package dev.cantilever.hostile;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Small sound tokenizers of every kind that models come with, so that damage hits what matters. */
final class TokenizerSeeds {

  /** Bytes as visible characters, few merges, Qwen's way to cut words. */
  static final String BYTE_PAIRS =
      """
      {"version":"1.0","truncation":null,"padding":null,
       "added_tokens":[{"id":0,"content":"<|endoftext|>","single_word":false,"lstrip":false,
        "rstrip":false,"normalized":false,"special":true},
        {"id":11,"content":"<x>","single_word":false,"lstrip":true,"rstrip":false,
        "normalized":true,"special":false}],
       "normalizer":{"type":"NFC"},
       "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":
        "'s|[^\\\\r\\\\n\\\\p{L}]?\\\\p{L}+|\\\\s+(?!\\\\S)|\\\\s+"},"behavior":"Isolated","invert":false},
        {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},
       "post_processor":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,
        "use_regex":true},
       "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
       "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"",
        "end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
        "vocab":{"<|endoftext|>":0,"l":1,"o":2,"w":3,"e":4,"r":5,"Ġ":6,"lo":7,"low":8,"er":9,
        "Ġlow":10},
        "merges":[["l","o"],["lo","w"],["e","r"],["Ġ","low"]]}}
      """;

  /** With bytes for what the vocabulary lacks, as Llama's. */
  static final String BYTE_FALLBACK =
      """
      {"version":"1.0","truncation":{"direction":"Right","max_length":5,"strategy":"LongestFirst",
       "stride":0},"padding":{"strategy":"BatchLongest","direction":"Right",
       "pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"<unk>"},
       "added_tokens":[{"id":0,"content":"<unk>","single_word":false,"lstrip":false,
        "rstrip":false,"normalized":false,"special":true},
        {"id":1,"content":"<s>","single_word":true,"lstrip":false,"rstrip":true,
        "normalized":false,"special":true}],
       "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},
        {"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
       "pre_tokenizer":null,
       "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>",
        "type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A",
        "type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
       "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},
        "content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ",
        "start":1,"stop":0}]},
       "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,
        "end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,
        "vocab":{"<unk>":0,"<s>":1,"<0x00>":2,"<0x0A>":3,"<0xC3>":4,"<0xA9>":5,"▁":6,"a":7,"b":8,
        "▁a":9,"ab":10,"▁ab":11},
        "merges":["▁ a","a b","▁ ab"]}}
      """;

  /** As T5's, with the table of a normalizer. */
  static final String UNIGRAM =
      """
      {"version":"1.0","truncation":null,"padding":null,
       "added_tokens":[{"id":0,"content":"<pad>","special":true,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
        {"id":1,"content":"</s>","special":true,"single_word":false,"lstrip":false,
        "rstrip":false,"normalized":false}],
       "normalizer":{"type":"Sequence","normalizers":[
        {"type":"Precompiled","precompiled_charsmap":"%s"},
        {"type":"Strip","strip_left":false,"strip_right":true},
        {"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"}]},
       "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},
        {"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]},
       "post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A",
        "type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],"pair":[{"Sequence":{"id":"A",
        "type_id":0}},{"Sequence":{"id":"B","type_id":0}}],
        "special_tokens":{"</s>":{"id":"</s>","ids":[1],"tokens":["</s>"]}}},
       "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
       "model":{"type":"Unigram","unk_id":2,"byte_fallback":false,
        "vocab":[["<pad>",0.0],["</s>",0.0],["<unk>",0.0],["▁",-2.0],["a",-3.0],["b",-3.5],
        ["▁a",-2.5],["ab",-4.25],["é",-6.0]]}}
      """
          .formatted(charsmap());

  static final String WORD_PIECE =
      """
      {"version":"1.0","truncation":null,"padding":null,
       "added_tokens":[{"id":0,"content":"[UNK]","special":true,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false},
        {"id":1,"content":"[CLS]","special":true,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false},{"id":2,"content":"[SEP]","special":true,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false}],
       "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
        "strip_accents":null,"lowercase":true},
       "pre_tokenizer":{"type":"BertPreTokenizer"},
       "post_processor":{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]},
       "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
       "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
        "max_input_chars_per_word":100,
        "vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"low":3,"##er":4,"a":5,"##b":6}}}
      """;

  static final String WORDS =
      """
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
       "normalizer":{"type":"Lowercase"},
       "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Whitespace"},
        {"type":"Punctuation","behavior":"Isolated"},{"type":"Digits","individual_digits":true}]},
       "post_processor":{"type":"RobertaProcessing","sep":["a",1],"cls":["low",0],
        "trim_offsets":true,"add_prefix_space":false},
       "decoder":{"type":"CTC","pad_token":"a","word_delimiter_token":"|","cleanup":true},
       "model":{"type":"WordLevel","vocab":{"low":0,"a":1,"er":2,"<unk>":3},"unk_token":"<unk>"}}
      """;

  private TokenizerSeeds() {}

  /** Every kind. */
  static List<String> wholes() {
    return List.of(BYTE_PAIRS, BYTE_FALLBACK, UNIGRAM, WORD_PIECE, WORDS);
  }

  /** Files that a tokenizer is made of, by their names: GPT-2's, and RoBERTa's. */
  static List<Map<String, String>> parts() {
    StringBuilder vocabulary = new StringBuilder("{\"<s>\":0,\"</s>\":1,\"<unk>\":2");
    int id = 3;
    for (String token : List.of("<pad>", "<mask>", "l", "o", "w", "Ġ", "e", "lo", "low", "Ġlow")) {
      vocabulary.append(",\"%s\":%d".formatted(token, id++));
    }
    Map<String, String> roberta = new LinkedHashMap<>();
    roberta.put("vocab.json", vocabulary + "}");
    roberta.put("merges.txt", "#version: 0.2\nl o\nlo w\nĠ low\n");
    roberta.put(
        "config.json", "{\"model_type\":\"roberta\",\"eos_token_id\":1,\"pad_token_id\":3}");
    roberta.put(
        "tokenizer_config.json",
        """
        {"tokenizer_class":"RobertaTokenizerFast","add_prefix_space":false,"bos_token":"<s>",
         "eos_token":{"content":"</s>","lstrip":false,"normalized":true},
         "additional_special_tokens":["<more>"],"model_max_length":512}
        """);
    roberta.put(
        "special_tokens_map.json",
        "{\"mask_token\":{\"content\":\"<mask>\",\"lstrip\":true},\"unk_token\":\"<unk>\"}");
    roberta.put("added_tokens.json", "{\"<extra>\":13,\"<another>\":14}");
    roberta.put("generation_config.json", GENERATION);
    Map<String, String> bert = new LinkedHashMap<>();
    bert.put("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nlow\n##er\na\n##b\n中\n");
    bert.put("config.json", "{\"model_type\":\"bert\"}");
    bert.put(
        "tokenizer_config.json",
        """
        {"tokenizer_class":"BertTokenizer","do_lower_case":true,"strip_accents":null,
         "tokenize_chinese_chars":true,"added_tokens_decoder":{"0":{"content":"[PAD]",
         "special":true,"normalized":false},"10":{"content":"<x>","special":false}},
         "pad_token":"[PAD]"}
        """);
    return List.of(roberta, bert);
  }

  static final String GENERATION =
      """
      {"bos_token_id":0,"eos_token_id":[1,3],"pad_token_id":3,"do_sample":true,"temperature":0.7,
       "top_k":50,"top_p":0.9,"max_new_tokens":20,"repetition_penalty":1.1,
       "suppress_tokens":[1,2],"transformers_version":"4.40.0"}
      """;

  /** Of a normalizer that knows a few ligatures, spaces and accents. */
  private static String charsmap() {
    try (InputStream stream = TokenizerSeeds.class.getResourceAsStream("/hostile/charsmap.txt")) {
      return new String(requireNonNull(stream).readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
