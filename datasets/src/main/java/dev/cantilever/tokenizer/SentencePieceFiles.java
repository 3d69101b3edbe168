package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.text.DatasetException;
import dev.cantilever.tokenizer.SentencePieceModel.Piece;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A sentencepiece model brought into the form of {@code tokenizer.json}: T5's and DeBERTa's
 * Unigram, Llama's and Gemma's BPE.
 */
final class SentencePieceFiles {

  static final List<String> NAMES = List.of("spiece.model", "tokenizer.model", "spm.model");

  /** What Gemma begins and ends turns with, which is special although its model does not say so. */
  private static final Set<String> TURNS = Set.of("<start_of_turn>", "<end_of_turn>");

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
    requireKind();
    Map<Integer, AddedToken> own = new HashMap<>();
    List<Piece> pieces = new ArrayList<>(model.pieces());
    if (kind == TokenizerClass.T5) {
      for (int extra = extraIds() - 1; extra >= 0; extra--) {
        pieces.add(new Piece("<extra_id_" + extra + ">", 0, Piece.CONTROL));
      }
    }
    for (int id = 0; id < pieces.size(); id++) {
      Piece piece = pieces.get(id);
      ids.put(piece.text(), id);
      if (piece.kind() == Piece.CONTROL || piece.kind() == Piece.USER_DEFINED) {
        boolean special =
            piece.kind() == Piece.CONTROL
                || kind == TokenizerClass.GEMMA && TURNS.contains(piece.text());
        own.put(id, new AddedToken(piece.text(), false, false, false, false, special));
      }
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", "1.0");
    json.putNull("truncation").putNull("padding").putArray("added_tokens");
    Map<String, Integer> added = roles.write(json, ids, own);
    if (model.algorithm() == SentencePieceModel.UNIGRAM) {
      UnigramPieces.write(json, kind, model, pieces, roles.config());
    } else {
      BytePairPieces.write(json, kind, model, ids, roles.config());
    }
    json.set("post_processor", around(added));
    return json;
  }

  /** Holds the model to what its class's converter takes for granted. */
  private void requireKind() {
    switch (kind) {
      case LLAMA, GEMMA -> {
        require("trainer_spec.model_type", SentencePieceModel.BYTE_PAIRS, model.algorithm());
        require("normalizer_spec.precompiled_charsmap", "", model.charsmap());
        require("normalizer_spec.remove_extra_whitespaces", false, model.fewerSpaces());
      }
      default -> require("trainer_spec.model_type", SentencePieceModel.UNIGRAM, model.algorithm());
    }
    require("normalizer_spec.add_dummy_prefix", kind != TokenizerClass.GEMMA, model.dummyPrefix());
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

  private ObjectNode around(Map<String, Integer> added) {
    TextTemplate template = new TextTemplate();
    switch (kind) {
      case LLAMA, GEMMA -> {
        if (roles.config().path("add_bos_token").asBoolean(true)) {
          template.special(roles.require("bos").content(), added);
        }
        template.text();
        if (roles.config().path("add_eos_token").asBoolean(false)) {
          template.special(roles.require("eos").content(), added);
        }
      }
      case DEBERTA_V2 -> {
        template.special(roles.require("cls").content(), added);
        template.text();
        template.special(roles.require("sep").content(), added);
      }
      default -> {
        template.text();
        template.special(roles.require("eos").content(), added);
      }
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
