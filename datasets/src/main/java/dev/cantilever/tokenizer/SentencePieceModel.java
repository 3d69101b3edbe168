package dev.cantilever.tokenizer;

import dev.cantilever.text.DatasetException;
import dev.cantilever.tokenizer.ProtobufReader.MalformedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * What a sentencepiece model says, from its protobuf message {@code ModelProto} (google/
 * sentencepiece: {@code sentencepiece_model.proto}).
 *
 * @param pieces the vocabulary, whose places are the ids
 * @param algorithm {@link #UNIGRAM}, {@link #BYTE_PAIRS} or another
 * @param unknown id of what stands for unknown text
 * @param charsmap the table of its normalizer in Base64; empty for none
 * @param dummyPrefix whether a text begins with a space
 * @param fewerSpaces whether spaces that follow a space, or begin or end a text, are left out
 */
record SentencePieceModel(
    List<Piece> pieces,
    int algorithm,
    int unknown,
    String charsmap,
    boolean dummyPrefix,
    boolean fewerSpaces) {

  static final int UNIGRAM = 1;
  static final int BYTE_PAIRS = 2;

  private static final int PIECES = 1;
  private static final int TRAINER = 2;
  private static final int NORMALIZER = 3;

  /**
   * A token.
   *
   * @param text its spelling, with U+2581 for a space
   * @param score its logarithmic probability, or minus the rank of its merge
   * @param kind {@link #CONTROL} and so on
   */
  record Piece(String text, float score, int kind) {

    static final int NORMAL = 1;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
  }

  /**
   * Reads a file.
   *
   * @throws DatasetException if it is no such model
   */
  static SentencePieceModel read(Path file) throws IOException {
    try {
      return new Fields().read(new ProtobufReader(ByteBuffer.wrap(Files.readAllBytes(file))));
    } catch (MalformedException e) {
      throw new DatasetException(
          file.toString(),
          "a sentencepiece model",
          String.valueOf(e.getMessage()),
          "Fetch the file again",
          e);
    }
  }

  /** As far as they have been read, with the defaults of the format. */
  private static final class Fields {

    private final List<Piece> pieces = new ArrayList<>();
    private int algorithm = UNIGRAM;
    private int unknown;
    private String charsmap = "";
    private boolean dummyPrefix = true;
    private boolean fewerSpaces = true;

    SentencePieceModel read(ProtobufReader model) throws MalformedException {
      while (model.next()) {
        switch (model.field()) {
          case PIECES -> pieces.add(piece(new ProtobufReader(model.bytes())));
          case TRAINER -> trainer(new ProtobufReader(model.bytes()));
          case NORMALIZER -> normalizer(new ProtobufReader(model.bytes()));
          default -> model.skip();
        }
      }
      if (unknown < 0 || unknown >= pieces.size()) {
        throw new MalformedException(
            pieces.size() + " pieces, of which " + unknown + " stands for unknown text");
      }
      return new SentencePieceModel(
          List.copyOf(pieces), algorithm, unknown, charsmap, dummyPrefix, fewerSpaces);
    }

    private static Piece piece(ProtobufReader message) throws MalformedException {
      String text = "";
      float score = 0;
      int kind = Piece.NORMAL;
      while (message.next()) {
        switch (message.field()) {
          case 1 -> text = message.text();
          case 2 -> score = message.real();
          case 3 -> kind = (int) message.number();
          default -> message.skip();
        }
      }
      if (!Float.isFinite(score)) {
        throw new MalformedException("a score of " + score);
      }
      return new Piece(text, score, kind);
    }

    private void trainer(ProtobufReader message) throws MalformedException {
      while (message.next()) {
        switch (message.field()) {
          case 3 -> algorithm = (int) message.number();
          case 40 -> unknown = (int) message.number();
          default -> message.skip();
        }
      }
    }

    private void normalizer(ProtobufReader message) throws MalformedException {
      while (message.next()) {
        switch (message.field()) {
          case 2 -> charsmap = base64(message.bytes());
          case 3 -> dummyPrefix = message.number() != 0;
          case 4 -> fewerSpaces = message.number() != 0;
          default -> message.skip();
        }
      }
    }

    private static String base64(ByteBuffer bytes) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      return Base64.getEncoder().encodeToString(copy);
    }
  }
}
