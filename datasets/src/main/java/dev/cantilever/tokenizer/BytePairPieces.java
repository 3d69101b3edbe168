package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.tokenizer.SentencePieceModel.Piece;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A BPE model of sentencepiece in the form of {@code tokenizer.json}, as transformers' {@code
 * LlamaConverter} and {@code GemmaConverter} have it.
 */
final class BytePairPieces {

  private BytePairPieces() {}

  /**
   * Writes all but what stands around a text.
   *
   * @param ids by piece
   * @param config the tokenizer's own
   */
  static void write(
      ObjectNode json,
      TokenizerClass kind,
      SentencePieceModel model,
      Map<String, Integer> ids,
      JsonNode config) {
    boolean gemma = kind == TokenizerClass.GEMMA;
    boolean begins = !gemma && config.path("add_prefix_space").asBoolean(true);
    if (gemma) {
      json.set("normalizer", Components.replace(" ", Components.SPACE));
      json.putNull("pre_tokenizer");
    } else {
      llamaSpaces(json, begins, config.path("legacy").asBoolean(true));
    }
    List<ObjectNode> decoders = new ArrayList<>();
    decoders.add(Components.replace(Components.SPACE, " "));
    decoders.add(Components.of("ByteFallback"));
    decoders.add(Components.of("Fuse"));
    if (begins) {
      decoders.add(Components.of("Strip").put("content", " ").put("start", 1).put("stop", 0));
    }
    json.set("decoder", Components.sequence("decoders", decoders));
    ObjectNode pairs = json.putObject("model").put(Components.TYPE, "BPE").putNull("dropout");
    pairs.put("unk_token", model.pieces().get(model.unknown()).text());
    pairs.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    pairs.put("fuse_unk", true).put("byte_fallback", true).put("ignore_merges", false);
    ids.forEach(pairs.putObject("vocab")::put);
    pairs.set("merges", merges(model.pieces(), ids));
  }

  /**
   * What is made of spaces.
   *
   * @param begins whether a text begins with one
   * @param legacy whether so does what stands behind an added token
   */
  private static void llamaSpaces(ObjectNode json, boolean begins, boolean legacy) {
    if (!legacy) {
      json.putNull("normalizer")
          .set("pre_tokenizer", Components.metaspace(begins ? "first" : "never", false));
      return;
    }
    List<ObjectNode> parts = new ArrayList<>();
    if (begins) {
      parts.add(Components.of("Prepend").put("prepend", Components.SPACE));
    }
    parts.add(Components.replace(" ", Components.SPACE));
    json.set("normalizer", Components.sequence("normalizers", parts));
    json.putNull("pre_tokenizer");
  }

  /**
   * Two pieces that make a piece, in the order of its score; equal ones by the ids of the whole and
   * of the two. Symbols that the user has defined are made so too: Gemma's runs of spaces, which
   * are not found as they are spelled.
   */
  private static ArrayNode merges(List<Piece> pieces, Map<String, Integer> ids) {
    record Merge(float score, int whole, int left, int right) {}
    List<Merge> merges = new ArrayList<>();
    for (int whole = 0; whole < pieces.size(); whole++) {
      Piece piece = pieces.get(whole);
      boolean made = piece.kind() == Piece.NORMAL || piece.kind() == Piece.USER_DEFINED;
      String text = piece.text();
      for (int at = 1; at < text.length() && made; at++) {
        Integer left = ids.get(text.substring(0, at));
        Integer right = ids.get(text.substring(at));
        if (left != null && right != null) {
          merges.add(new Merge(piece.score(), whole, left, right));
        }
      }
    }
    merges.sort(
        Comparator.comparingDouble((Merge merge) -> -merge.score())
            .thenComparingInt(Merge::whole)
            .thenComparingInt(Merge::left)
            .thenComparingInt(Merge::right));
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    merges.forEach(
        merge ->
            json.addArray()
                .add(pieces.get(merge.left()).text())
                .add(pieces.get(merge.right()).text()));
    return json;
  }
}
