package dev.cantilever.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;

/**
 * DeBERTa of versions 2 and 3 (transformers: {@code modeling_deberta_v2}): BERT's blocks with
 * relative positions in the scores of attention, perhaps a convolution beside the first one, and a
 * pooler beside the encoder.
 */
final class DebertaV2Family implements ArchitectureFamily {

  private static final double NORM_EPS = 1e-7;

  /** More neighbours than any checkpoint reads; a product has so many times the inputs. */
  private static final int WIDEST_KERNEL = 63;

  private static final String KERNEL = "conv_kernel_size";
  private static final String GROUPS = "conv_groups";
  private static final String TERMS = "pos_att_type";
  private static final String QUERIES_TO_POSITIONS = "c2p";
  private static final String KEYS_TO_POSITIONS = "p2c";
  private static final String BUCKETS = "position_buckets";
  private static final String FARTHEST = "max_relative_positions";
  private static final String POSITIONS = "max_position_embeddings";
  private static final String TABLE_NORM = "norm_rel_ebd";

  @Override
  public String modelType() {
    return "deberta-v2";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    BertDescription.requireEncoder(config);
    int hidden = config.requireInt("hidden_size");
    requireSize(config, "pooler_hidden_size", hidden);
    List<String> terms = terms(config);
    BlockSpec block =
        BertDescription.block(
            config,
            BertDescription.attention(config, 1 + terms.size()),
            config.doubleOr("layer_norm_eps", NORM_EPS));
    requireSize(config, "attention_head_size", block.attention().headSize());
    boolean relative = config.booleanOr("relative_attention", false) && !terms.isEmpty();
    Optional<RelativeSpec> positions =
        relative ? Optional.of(relative(config, terms)) : Optional.empty();
    return new Architecture(
        modelType(),
        hidden,
        config.requireInt("num_hidden_layers"),
        embedding(config, hidden, positions),
        block,
        false,
        HeadSpec.plain(true),
        new ClassifierSpec(
            Pooling.FIRST_TOKEN,
            Optional.of(ActivationNames.read(config, "pooler_hidden_act", "gelu")),
            true,
            config.labels()),
        positions,
        convolution(config, hidden),
        Optional.empty());
  }

  private static EmbeddingSpec embedding(
      ModelConfig config, int hidden, Optional<RelativeSpec> positions) {
    int vocab = config.requireInt("vocab_size");
    int size = config.intOr("embedding_size", hidden);
    EmbeddingSpec table =
        biased(config)
            ? EmbeddingSpec.withPositions(vocab, size, config.requireInt(POSITIONS), 0)
            : EmbeddingSpec.ofTokens(
                vocab, size, positions.map(p -> longest(config)).orElse(EmbeddingSpec.ANY_LENGTH));
    return table.withTypes(config.intOr("type_vocab_size", 0)).projectedAsSum().normalized();
  }

  /** Whether absolute positions are added too, whose table then limits a row. */
  private static boolean biased(ModelConfig config) {
    return config.booleanOr("position_biased_input", true);
  }

  private static RelativeSpec relative(ModelConfig config, List<String> terms) {
    int farthest = farthest(config);
    int buckets = config.intOr(BUCKETS, -1);
    boolean even = buckets >= 4 && buckets % 2 == 0;
    boolean left = biased(config) && config.requireInt(POSITIONS) > longest(config);
    if (farthest < 1
        || farthest > DistanceBuckets.MOST_DISTANCE
        || (buckets > 0 && !even)
        || left) {
      throw new CheckpointException(
          "%s: expected '%s', or if it is below 1 '%s', to be from 1 to %d, and '%s' to be below 1, or even, at least 4 and, where rows have more tokens than half of it, below twice the former less 1, found %d and %d. Correct the config."
              .formatted(
                  config.file(),
                  FARTHEST,
                  POSITIONS,
                  DistanceBuckets.MOST_DISTANCE,
                  BUCKETS,
                  farthest,
                  buckets));
    }
    return new RelativeSpec(
        buckets > 0 ? buckets : farthest,
        buckets > 0 && longest(config) == EmbeddingSpec.ANY_LENGTH,
        farthest,
        terms.contains(QUERIES_TO_POSITIONS),
        terms.contains(KEYS_TO_POSITIONS),
        config.booleanOr("share_att_key", false),
        tableNorm(config));
  }

  private static int farthest(ModelConfig config) {
    int said = config.intOr(FARTHEST, -1);
    return said < 1 ? config.requireInt(POSITIONS) : said;
  }

  /**
   * The longest row. Distances up to half of the buckets have one each; where the farthest is not
   * beyond these, the law of the others has no meaning, and no row may need it.
   */
  private static int longest(ModelConfig config) {
    int half = config.intOr(BUCKETS, -1) / 2;
    return half > 0 && farthest(config) - 1 <= half ? half + 1 : EmbeddingSpec.ANY_LENGTH;
  }

  /** The terms of a score beside the product of query and key, from a list or one string. */
  private static List<String> terms(ModelConfig config) {
    TreeSet<String> terms = new TreeSet<>();
    if (config.has(TERMS)) {
      JsonNode node = config.json().path(TERMS);
      if (node.isArray()) {
        node.forEach(term -> terms.add(term.asText()));
      } else {
        terms.addAll(names(config, TERMS));
      }
    }
    terms.remove("");
    for (String term : terms) {
      if (!term.equals(QUERIES_TO_POSITIONS) && !term.equals(KEYS_TO_POSITIONS)) {
        throw notComputed(config, TERMS, "of 'c2p' and 'p2c'", term);
      }
    }
    return List.copyOf(terms);
  }

  private static boolean tableNorm(ModelConfig config) {
    boolean norm = false;
    for (String name : config.has(TABLE_NORM) ? names(config, TABLE_NORM) : List.of("none")) {
      if (!name.equals("none") && !name.equals("layer_norm")) {
        throw notComputed(config, TABLE_NORM, "'none' or 'layer_norm'", name);
      }
      norm |= name.equals("layer_norm");
    }
    return norm;
  }

  /** Names in one string, as in {@code p2c|c2p}. */
  private static List<String> names(ModelConfig config, String key) {
    String[] names = config.requireString(key).toLowerCase(Locale.ROOT).split("\\|");
    return Arrays.stream(names).map(String::strip).toList();
  }

  private static Optional<ConvolutionSpec> convolution(ModelConfig config, int hidden) {
    int kernel = config.intOr(KERNEL, 0);
    if (kernel < 1) {
      return Optional.empty();
    }
    if (kernel % 2 == 0 || kernel > WIDEST_KERNEL) {
      throw new CheckpointException(
          "%s: expected '%s' to be below 1, or odd and at most %d, found %d. Correct the config."
              .formatted(config.file(), KERNEL, WIDEST_KERNEL, kernel));
    }
    int groups = config.intOr(GROUPS, 1);
    if (groups < 1 || hidden % groups != 0) {
      throw new CheckpointException(
          "%s: expected '%s' to divide 'hidden_size' %d, found %d. Correct the config."
              .formatted(config.file(), GROUPS, hidden, groups));
    }
    return Optional.of(
        new ConvolutionSpec(kernel, groups, ActivationNames.read(config, "conv_act", "tanh")));
  }

  private static void requireSize(ModelConfig config, String key, int expected) {
    if (config.intOr(key, expected) != expected) {
      throw notComputed(config, key, Integer.toString(expected), config.requireInt(key));
    }
  }

  private static CheckpointException notComputed(
      ModelConfig config, String key, String expected, Object found) {
    return new CheckpointException(
        "%s: expected '%s' to be %s, found '%s'. This project does not compute it: use a model without it."
            .formatted(config.file(), key, expected, found));
  }

  @Override
  public CheckpointNames names() {
    return new CheckpointNames(
        "deberta.embeddings.word_embeddings",
        Optional.of("deberta.embeddings.embed_proj"),
        Optional.of("deberta.embeddings.position_embeddings"),
        Optional.of("deberta.embeddings.token_type_embeddings"),
        Optional.of("deberta.embeddings.LayerNorm"),
        layer ->
            BertDescription.block(layer(layer), List.of("query_proj", "key_proj", "value_proj")),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        new ClassifierNames(Optional.of("pooler.dense"), "classifier"),
        Optional.of(
            new RelativeNames(
                "deberta.encoder.rel_embeddings",
                "deberta.encoder.LayerNorm",
                layer -> layer(layer) + ".attention.self.pos_key_proj",
                layer -> layer(layer) + ".attention.self.pos_query_proj")),
        Optional.of(
            new ConvolutionNames("deberta.encoder.conv.conv", "deberta.encoder.conv.LayerNorm")));
  }

  private static String layer(int layer) {
    return "deberta.encoder.layer." + layer;
  }
}
