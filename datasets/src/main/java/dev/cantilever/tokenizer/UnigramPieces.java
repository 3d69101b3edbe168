package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.tokenizer.SentencePieceModel.Piece;
import java.util.ArrayList;
import java.util.List;

/**
 * A Unigram model of sentencepiece in the form of {@code tokenizer.json}, as transformers' {@code
 * T5Converter} and {@code DebertaV2Converter} have it.
 */
final class UnigramPieces {

  private UnigramPieces() {}

  /**
   * Writes all but what stands around a text.
   *
   * @param pieces the vocabulary, which may have more than the model
   * @param config the tokenizer's own
   */
  static void write(
      ObjectNode json,
      TokenizerClass kind,
      SentencePieceModel model,
      List<Piece> pieces,
      JsonNode config) {
    List<ObjectNode> normalizers = new ArrayList<>();
    List<ObjectNode> words = new ArrayList<>();
    if (kind == TokenizerClass.DEBERTA_V2) {
      if (config.path("do_lower_case").asBoolean(false)) {
        normalizers.add(Components.of("Lowercase"));
      }
      normalizers.add(Components.of("Strip").put("strip_left", true).put("strip_right", true));
      normalizers.addAll(charsmap(model));
      normalizers.add(Components.replaceAll(" {2,}", " "));
      if (config.path("split_by_punct").asBoolean(false)) {
        words.add(Components.of("Punctuation").put("behavior", "Isolated"));
      }
    } else {
      normalizers.addAll(charsmap(model));
      words.add(Components.of("WhitespaceSplit"));
    }
    words.add(Components.metaspace("always", true));
    json.set("normalizer", Components.sequence("normalizers", normalizers));
    json.set("pre_tokenizer", Components.sequence("pretokenizers", words));
    json.set("decoder", Components.metaspace("always", true));
    ObjectNode unigram = json.putObject("model").put(Components.TYPE, "Unigram");
    unigram.put("unk_id", model.unknown()).put("byte_fallback", false);
    ArrayNode vocabulary = unigram.putArray("vocab");
    pieces.forEach(piece -> vocabulary.addArray().add(piece.text()).add((double) piece.score()));
  }

  private static List<ObjectNode> charsmap(SentencePieceModel model) {
    return model.charsmap().isEmpty()
        ? List.of()
        : List.of(Components.of("Precompiled").put("precompiled_charsmap", model.charsmap()));
  }
}
