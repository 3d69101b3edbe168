package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The {@code tokenizer.json} of a model directory, as it lies there or made from what lies there
 * instead.
 *
 * @param source the file that messages name
 * @param json what Hugging Face's library is given
 */
record TokenizerFile(Path source, JsonNode json) {

  static final String NAME = "tokenizer.json";

  /* What a tokenizer.json is made of where there is none. */
  private static final List<String> PARTS =
      List.of(
          BytePairFiles.VOCABULARY,
          BytePairFiles.MERGES,
          WordPieceFiles.VOCABULARY,
          SentencePieceFiles.NAMES.get(0),
          SentencePieceFiles.NAMES.get(1),
          SentencePieceFiles.NAMES.get(2),
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "config.json");

  /* Sentencepiece models of classes that nothing is made of here. */
  private static final List<String> OTHERS = List.of("sentencepiece.bpe.model");

  /**
   * Reads or makes it.
   *
   * @throws DatasetException if there is none to be had, or a file is not what it should be
   */
  static TokenizerFile read(Path directory) throws IOException {
    Path whole = directory.resolve(NAME);
    if (Files.isRegularFile(whole)) {
      ObjectNode json = Vocabulary.json(whole);
      json.putNull("truncation").putNull("padding"); // rows are packed, and whole
      return new TokenizerFile(whole, json);
    }
    Path bytePairs = directory.resolve(BytePairFiles.VOCABULARY);
    if (Files.isRegularFile(bytePairs)
        && Files.isRegularFile(directory.resolve(BytePairFiles.MERGES))) {
      return new TokenizerFile(bytePairs, BytePairFiles.tokenizerJson(directory));
    }
    Path wordPieces = directory.resolve(WordPieceFiles.VOCABULARY);
    if (Files.isRegularFile(wordPieces)) {
      return new TokenizerFile(wordPieces, WordPieceFiles.tokenizerJson(directory));
    }
    for (String name : SentencePieceFiles.NAMES) {
      Path pieces = directory.resolve(name);
      if (Files.isRegularFile(pieces)) {
        return new TokenizerFile(pieces, SentencePieceFiles.tokenizerJson(directory, pieces));
      }
    }
    for (String name : OTHERS) {
      if (Files.isRegularFile(directory.resolve(name))) {
        throw missing(
            directory,
            "only the sentencepiece model " + name,
            "Convert it once: load the tokenizer with transformers' AutoTokenizer (use_fast=True),"
                + " call save_pretrained, and put the tokenizer.json that it writes there");
      }
    }
    throw missing(
        directory,
        Files.isDirectory(directory) ? "none in it" : "no such directory",
        "Save the tokenizer there with transformers' save_pretrained (fast tokenizer)");
  }

  /** The files that decide which ids a text has; none where there is no tokenizer. */
  static List<Path> sources(Path directory) {
    Path whole = directory.resolve(NAME);
    if (Files.isRegularFile(whole)) {
      return List.of(whole);
    }
    boolean bytePairs =
        Files.isRegularFile(directory.resolve(BytePairFiles.VOCABULARY))
            && Files.isRegularFile(directory.resolve(BytePairFiles.MERGES));
    return bytePairs
            || Stream.concat(
                    Stream.of(WordPieceFiles.VOCABULARY), SentencePieceFiles.NAMES.stream())
                .anyMatch(name -> Files.isRegularFile(directory.resolve(name)))
        ? PARTS.stream().map(directory::resolve).filter(Files::isRegularFile).toList()
        : List.of();
  }

  private static DatasetException missing(Path directory, String found, String remedy) {
    return new DatasetException(
        directory.toString(),
        "a model directory with "
            + NAME
            + ", or with vocab.json and merges.txt, with vocab.txt, or with "
            + String.join(" or ", SentencePieceFiles.NAMES),
        found,
        remedy);
  }
}
