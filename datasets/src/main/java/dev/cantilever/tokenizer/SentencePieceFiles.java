package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.text.DatasetException;
import dev.cantilever.tokenizer.SentencePieceModel.Piece;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A sentencepiece model brought into the form of {@code tokenizer.json}: T5's Unigram and Llama's
 * BPE, as transformers' {@code T5Converter} and {@code LlamaConverter} have them.
 */
final class SentencePieceFiles {

  static final List<String> NAMES = List.of("spiece.model", "tokenizer.model");

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String SPACE = "\u2581";
  private static final String TYPE = "type";
  private static final int EXTRA_IDS = 100;
  private static final int MOST_EXTRA_IDS = 10_000;

  private final Path file;
  private final TokenizerClass kind;
  private final TokenRoles roles;
  private final SentencePieceModel model;
  private final Map<String, Integer> ids = new HashMap<>();

  private SentencePieceFiles(
      Path file, TokenizerClass kind, TokenRoles roles, SentencePieceModel model) {
    this.file = file;
    this.kind = kind;
    this.roles = roles;
    this.model = model;
  }

  static ObjectNode tokenizerJson(Path directory, Path file) throws IOException {
    TokenizerClass kind = TokenizerClass.of(directory, TokenizerClass.Form.SENTENCE_PIECES);
    TokenRoles roles = TokenRoles.read(directory, kind);
    return new SentencePieceFiles(file, kind, roles, SentencePieceModel.read(file)).build();
  }

  private ObjectNode build() throws IOException {
    boolean unigram = kind == TokenizerClass.T5;
    require(
        "trainer_spec.model_type",
        unigram ? SentencePieceModel.UNIGRAM : SentencePieceModel.BYTE_PAIRS,
        model.algorithm());
    require("normalizer_spec.add_dummy_prefix", true, model.dummyPrefix());
    Map<Integer, AddedToken> own = new HashMap<>();
    List<Piece> pieces = new ArrayList<>(model.pieces());
    if (unigram) {
      for (int extra = extraIds() - 1; extra >= 0; extra--) {
        pieces.add(new Piece("<extra_id_" + extra + ">", 0, Piece.CONTROL));
      }
    }
    for (int id = 0; id < pieces.size(); id++) {
      Piece piece = pieces.get(id);
      ids.put(piece.text(), id);
      if (piece.kind() == Piece.CONTROL || piece.kind() == Piece.USER_DEFINED) {
        boolean special = piece.kind() == Piece.CONTROL;
        own.put(id, new AddedToken(piece.text(), false, false, false, false, special));
      }
    }
    ObjectNode json = JSON.objectNode().put("version", "1.0");
    json.putNull("truncation").putNull("padding").putArray("added_tokens");
    Map<String, Integer> added = roles.write(json, ids, own);
    if (unigram) {
      unigram(json, pieces);
    } else {
      bytePairs(json, pieces);
    }
    json.set("post_processor", around(added));
    return json;
  }

  private int extraIds() {
    int extra = roles.config().path("extra_ids").asInt(EXTRA_IDS);
    if (extra < 0 || extra > MOST_EXTRA_IDS) {
      throw new DatasetException(
          file.resolveSibling("tokenizer_config.json").toString(),
          "'extra_ids' from 0 to " + MOST_EXTRA_IDS,
          Integer.toString(extra),
          "Fetch the file again");
    }
    return extra;
  }

  private void unigram(ObjectNode json, List<Piece> pieces) {
    if (model.charsmap().isEmpty()) {
      json.putNull("normalizer");
    } else {
      json.putObject("normalizer")
          .put(TYPE, "Precompiled")
          .put("precompiled_charsmap", model.charsmap());
    }
    ObjectNode words = json.putObject("pre_tokenizer").put(TYPE, "Sequence");
    words
        .putArray("pretokenizers")
        .add(JSON.objectNode().put(TYPE, "WhitespaceSplit"))
        .add(metaspace("always", true));
    json.set("decoder", metaspace("always", true));
    ObjectNode unigram = json.putObject("model").put(TYPE, "Unigram");
    unigram.put("unk_id", model.unknown()).put("byte_fallback", false);
    ArrayNode vocabulary = unigram.putArray("vocab");
    pieces.forEach(piece -> vocabulary.addArray().add(piece.text()).add((double) piece.score()));
  }

  /** Where {@code legacy} is false, a space is put before a text that has none of its own alone. */
  private void bytePairs(ObjectNode json, List<Piece> pieces) {
    require("normalizer_spec.precompiled_charsmap", "", model.charsmap());
    require("normalizer_spec.remove_extra_whitespaces", false, model.fewerSpaces());
    if (roles.config().path("legacy").asBoolean(true)) {
      ObjectNode normalizer = json.putObject("normalizer").put(TYPE, "Sequence");
      ArrayNode parts = normalizer.putArray("normalizers");
      parts.addObject().put(TYPE, "Prepend").put("prepend", SPACE);
      parts.add(replace(" ", SPACE));
      json.putNull("pre_tokenizer");
    } else {
      json.putNull("normalizer").set("pre_tokenizer", metaspace("first", false));
    }
    ArrayNode decoders = json.putObject("decoder").put(TYPE, "Sequence").putArray("decoders");
    decoders.add(replace(SPACE, " "));
    decoders.addObject().put(TYPE, "ByteFallback");
    decoders.addObject().put(TYPE, "Fuse");
    decoders.addObject().put(TYPE, "Strip").put("content", " ").put("start", 1).put("stop", 0);
    ObjectNode pairs = json.putObject("model").put(TYPE, "BPE").putNull("dropout");
    pairs.put("unk_token", pieces.get(model.unknown()).text());
    pairs.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    pairs.put("fuse_unk", true).put("byte_fallback", true).put("ignore_merges", false);
    ids.forEach(pairs.putObject("vocab")::put);
    pairs.set("merges", merges(pieces));
  }

  private static ObjectNode replace(String text, String by) {
    ObjectNode replace = JSON.objectNode().put(TYPE, "Replace");
    replace.putObject("pattern").put("String", text);
    return replace.put("content", by);
  }

  private static ObjectNode metaspace(String prepended, boolean split) {
    return JSON.objectNode()
        .put(TYPE, "Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", prepended)
        .put("split", split);
  }

  /** Two pieces that make a piece, in the order of its score; equal ones by the ids of the two. */
  private ArrayNode merges(List<Piece> pieces) {
    record Merge(float score, int left, int right) {}
    List<Merge> merges = new ArrayList<>();
    for (Piece piece : pieces) {
      String text = piece.text();
      for (int at = 1; at < text.length() && piece.kind() == Piece.NORMAL; at++) {
        Integer left = ids.get(text.substring(0, at));
        Integer right = ids.get(text.substring(at));
        if (left != null && right != null) {
          merges.add(new Merge(piece.score(), left, right));
        }
      }
    }
    merges.sort(
        Comparator.comparingDouble((Merge merge) -> -merge.score())
            .thenComparingInt(Merge::left)
            .thenComparingInt(Merge::right));
    ArrayNode json = JSON.arrayNode();
    merges.forEach(
        merge ->
            json.addArray()
                .add(pieces.get(merge.left()).text())
                .add(pieces.get(merge.right()).text()));
    return json;
  }

  private ObjectNode around(Map<String, Integer> added) {
    boolean llama = kind == TokenizerClass.LLAMA;
    TextTemplate template = new TextTemplate();
    if (roles.config().path("add_bos_token").asBoolean(llama) && llama) {
      template.special(roles.require("bos").content(), added);
    }
    template.text();
    if (!llama || roles.config().path("add_eos_token").asBoolean(false)) {
      template.special(roles.require("eos").content(), added);
    }
    return template.json();
  }

  private void require(String setting, Object expected, Object found) {
    if (!expected.equals(found)) {
      String shown = found.toString();
      throw new DatasetException(
          file.toString(),
          setting + " '" + expected + "', as a tokenizer of class " + kind + " has",
          "'" + shown.substring(0, Math.min(shown.length(), 40)) + "'",
          "Save the tokenizer there with transformers' save_pretrained (fast tokenizer)");
    }
  }
}
