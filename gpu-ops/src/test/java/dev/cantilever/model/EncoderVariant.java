package dev.cantilever.model;

import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.backend.ReferenceDisentangledAttention;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Tiny classifiers after transformers' {@code modeling_bert}, {@code modeling_roberta} and {@code
 * modeling_deberta_v2} with settings that no fixture has, as checkpoints and in double precision.
 */
enum EncoderVariant {
  /** Three types of tokens. */
  BERT("bert", "bert", "'type_vocab_size':3", 0, 3, DecoderVariant.WIDTH, "", 0),
  /** Positions from another padding id. */
  ROBERTA("roberta", "roberta", "'pad_token_id':3", 4, 2, DecoderVariant.WIDTH, "", 0),
  /** As BERT, but for the scale and a narrow table for tokens, positions and types together. */
  DEBERTA_ABSOLUTE(
      "deberta-v2",
      "deberta",
      "'pos_att_type':'c2p|p2c','embedding_size':24,'type_vocab_size':2",
      0,
      2,
      24,
      "",
      0),
  /** Both terms by projections of their own; absolute positions too; few buckets. */
  DEBERTA_OWN(
      "deberta-v2",
      "deberta",
      "'relative_attention':true,'pos_att_type':['p2c','c2p'],'position_buckets':4,"
          + "'max_relative_positions':6",
      0,
      0,
      DecoderVariant.WIDTH,
      "c2p p2c",
      4),
  /** Queries by positions alone, in a row for every distance. */
  DEBERTA_QUERIES(
      "deberta-v2",
      "deberta",
      "'relative_attention':true,'pos_att_type':'c2p','max_relative_positions':3,"
          + "'position_biased_input':false",
      -1,
      0,
      DecoderVariant.WIDTH,
      "c2p",
      3),
  /** Keys by positions alone, which are normalised and projected as tokens are. */
  DEBERTA_KEYS(
      "deberta-v2",
      "deberta",
      "'relative_attention':true,'pos_att_type':'p2c','position_buckets':4,"
          + "'max_relative_positions':6,'share_att_key':true,'norm_rel_ebd':'layer_norm',"
          + "'position_biased_input':false",
      -1,
      0,
      DecoderVariant.WIDTH,
      "p2c shared norm",
      4),
  /** A convolution over five tokens, wider than the shortest rows, in groups. */
  DEBERTA_CONVOLUTION(
      "deberta-v2",
      "deberta",
      "'conv_kernel_size':5,'conv_groups':4,'conv_act':'gelu_new'",
      0,
      0,
      DecoderVariant.WIDTH,
      "",
      0),
  /** A convolution of all channels, by its activation if none is named. */
  DEBERTA_PLAIN_CONVOLUTION(
      "deberta-v2",
      "deberta",
      "'conv_kernel_size':3,'position_biased_input':false",
      -1,
      0,
      DecoderVariant.WIDTH,
      "",
      0);

  private static final String CONVOLUTION = "deberta.encoder.conv.conv";
  private static final String CONVOLUTION_NORM = "deberta.encoder.conv.LayerNorm";

  private static final int WIDTH = DecoderVariant.WIDTH;
  private static final int LABELS = 2;

  private final String modelType;
  private final String model;
  private final String settings;
  private final int firstPosition; // −1 without a table of positions
  private final int types;
  private final int embedded;
  private final String relative;
  private final int span;

  EncoderVariant(
      String modelType,
      String model,
      String settings,
      int firstPosition,
      int types,
      int embedded,
      String relative,
      int span) {
    this.modelType = modelType;
    this.model = model;
    this.settings = settings;
    this.firstPosition = firstPosition;
    this.types = types;
    this.embedded = embedded;
    this.relative = relative;
    this.span = span;
  }

  boolean hasTypes() {
    return types > 0;
  }

  private boolean deberta() {
    return model.equals("deberta");
  }

  /** Tokens that a convolution reads; 0 for none. */
  private int kernel() {
    return settings.contains("kernel_size':5") ? 5 : settings.contains("kernel_size':3") ? 3 : 0;
  }

  private int groups() {
    return settings.contains("conv_groups") ? 4 : 1;
  }

  private List<String> projections() {
    return deberta()
        ? List.of("query_proj", "key_proj", "value_proj")
        : List.of("query", "key", "value");
  }

  private List<String> head() {
    return switch (model) {
      case "bert" -> List.of("bert.pooler.dense", "classifier");
      case "roberta" -> List.of("classifier.dense", "classifier.out_proj");
      default -> List.of("pooler.dense", "classifier");
    };
  }

  Path write(Path directory) throws IOException {
    String sizes =
        ("'hidden_size':%d,'num_attention_heads':%d,'num_hidden_layers':%d,'intermediate_size':%d,"
                + "'vocab_size':%d,'max_position_embeddings':%d")
            .formatted(
                WIDTH,
                DecoderVariant.HEADS,
                DecoderVariant.LAYERS,
                DecoderVariant.INNER,
                DecoderVariant.VOCABULARY,
                DecoderVariant.POSITIONS);
    String config =
        "{'model_type':'%s',%s,'hidden_act':'gelu_new','pooler_hidden_act':'gelu_new','layer_norm_eps':1e-5,%s}"
            .formatted(modelType, sizes, settings);
    return DecoderVariant.write(directory, name(), config, tensors(), 1);
  }

  private List<TensorSpec> tensors() {
    List<TensorSpec> specs = new ArrayList<>();
    String table = model + ".embeddings.";
    specs.add(
        DecoderVariant.tensor(
            table + "word_embeddings.weight", DecoderVariant.VOCABULARY, embedded));
    if (firstPosition >= 0) {
      specs.add(
          DecoderVariant.tensor(
              table + "position_embeddings.weight", DecoderVariant.POSITIONS, embedded));
    }
    if (hasTypes()) {
      specs.add(DecoderVariant.tensor(table + "token_type_embeddings.weight", types, embedded));
    }
    if (embedded != WIDTH) {
      specs.addAll(DecoderVariant.linear(table + "embed_proj", WIDTH, embedded, false));
    }
    specs.addAll(DecoderVariant.norm(table + "LayerNorm"));
    if (span > 0) {
      specs.add(DecoderVariant.tensor("deberta.encoder.rel_embeddings.weight", 2L * span, WIDTH));
    }
    if (relative.contains("norm")) {
      specs.addAll(DecoderVariant.norm("deberta.encoder.LayerNorm"));
    }
    if (kernel() > 0) {
      specs.add(DecoderVariant.tensor(CONVOLUTION + ".weight", WIDTH, WIDTH / groups(), kernel()));
      specs.add(DecoderVariant.tensor(CONVOLUTION + ".bias", WIDTH));
      specs.addAll(DecoderVariant.norm(CONVOLUTION_NORM));
    }
    for (int layer = 0; layer < DecoderVariant.LAYERS; layer++) {
      addBlock(specs, model + ".encoder.layer." + layer);
    }
    specs.addAll(DecoderVariant.linear(head().get(0), WIDTH, WIDTH, true));
    specs.addAll(DecoderVariant.linear(head().get(1), LABELS, WIDTH, true));
    return specs;
  }

  private void addBlock(List<TensorSpec> specs, String block) {
    List<String> inner = new ArrayList<>(projections());
    if (!relative.contains("shared")) {
      if (relative.contains("c2p")) {
        inner.add("pos_key_proj");
      }
      if (relative.contains("p2c")) {
        inner.add("pos_query_proj");
      }
    }
    for (String name : inner) {
      specs.addAll(DecoderVariant.linear(block + ".attention.self." + name, WIDTH, WIDTH, true));
    }
    specs.addAll(DecoderVariant.linear(block + ".attention.output.dense", WIDTH, WIDTH, true));
    specs.addAll(DecoderVariant.norm(block + ".attention.output.LayerNorm"));
    specs.addAll(
        DecoderVariant.linear(block + ".intermediate.dense", DecoderVariant.INNER, WIDTH, true));
    specs.addAll(DecoderVariant.linear(block + ".output.dense", WIDTH, DecoderVariant.INNER, true));
    specs.addAll(DecoderVariant.norm(block + ".output.LayerNorm"));
  }

  /**
   * The classifier's outputs for a row, from the files.
   *
   * @param ofTokens each token's type
   */
  double[] logits(ModelDirectory directory, int[] row, int[] ofTokens) throws IOException {
    ReferenceLayers layers = new ReferenceLayers(directory);
    double[][] embeddings = embeddings(layers, row, ofTokens);
    double[][] x = embeddings;
    for (int layer = 0; layer < DecoderVariant.LAYERS; layer++) {
      String block = model + ".encoder.layer." + layer;
      double[][] attended =
          layers.linear(block + ".attention.output.dense", attended(layers, block, x));
      x = layers.norm(block + ".attention.output.LayerNorm", ReferenceLayers.sum(x, attended));
      double[][] wide = layers.linear(block + ".intermediate.dense", x);
      double[][] fed =
          layers.linear(
              block + ".output.dense", ReferenceLayers.map(wide, ReferenceLayers::geluNew));
      x = layers.norm(block + ".output.LayerNorm", ReferenceLayers.sum(x, fed));
      if (layer == 0 && kernel() > 0) {
        double[][] convolved = layers.convolution(CONVOLUTION, embeddings, kernel());
        double[][] active =
            ReferenceLayers.map(
                convolved, settings.contains("conv_act") ? ReferenceLayers::geluNew : Math::tanh);
        x = layers.norm(CONVOLUTION_NORM, ReferenceLayers.sum(x, active));
      }
    }
    double[][] dense = layers.linear(head().get(0), new double[][] {x[0]});
    double[][] pooled =
        ReferenceLayers.map(dense, deberta() ? ReferenceLayers::geluNew : Math::tanh);
    return layers.linear(head().get(1), pooled)[0];
  }

  private double[][] embeddings(ReferenceLayers layers, int[] row, int[] ofTokens) {
    String table = model + ".embeddings.";
    double[][] x = layers.rows(table + "word_embeddings.weight", row, embedded);
    if (firstPosition >= 0) {
      int[] positions = IntStream.range(firstPosition, firstPosition + row.length).toArray();
      x =
          ReferenceLayers.sum(
              x, layers.rows(table + "position_embeddings.weight", positions, embedded));
    }
    if (hasTypes()) {
      x =
          ReferenceLayers.sum(
              x, layers.rows(table + "token_type_embeddings.weight", ofTokens, embedded));
    }
    if (embedded != WIDTH) {
      x = layers.linear(table + "embed_proj", x);
    }
    return layers.norm(table + "LayerNorm", x);
  }

  private double[][] attended(ReferenceLayers layers, String block, double[][] x) {
    String self = block + ".attention.self.";
    double[][] qkv = new double[x.length][];
    for (String name : projections()) {
      qkv = beside(qkv, layers.linear(self + name, x));
    }
    double[][] positions = {new double[2 * WIDTH]}; // keys and queries of no positions
    int[] places = {0};
    if (span > 0) {
      int[] all = IntStream.range(0, 2 * span).toArray();
      double[][] rows = layers.rows("deberta.encoder.rel_embeddings.weight", all, WIDTH);
      double[][] table =
          relative.contains("norm") ? layers.norm("deberta.encoder.LayerNorm", rows) : rows;
      double[][] none = new double[table.length][WIDTH];
      boolean shared = relative.contains("shared");
      positions =
          beside(
              relative.contains("c2p")
                  ? layers.linear(self + (shared ? "key_proj" : "pos_key_proj"), table)
                  : none,
              relative.contains("p2c")
                  ? layers.linear(self + (shared ? "query_proj" : "pos_query_proj"), table)
                  : none);
      places = places(x.length);
    }
    int terms = deberta() ? 1 + (settings.contains("c2p") ? 1 : 0) : 1;
    terms += settings.contains("p2c") ? 1 : 0;
    DisentangledSpec spec =
        new DisentangledSpec(
            DecoderVariant.HEADS,
            DecoderVariant.HEAD_SIZE,
            (float) (1 / Math.sqrt(DecoderVariant.HEAD_SIZE * terms)),
            OptionalInt.of(0),
            OptionalInt.of(WIDTH));
    double[] out =
        ReferenceDisentangledAttention.attention(
            flat(qkv), flat(positions), 2 * WIDTH, places, new int[] {0, x.length}, spec);
    double[][] attended = new double[x.length][];
    Arrays.setAll(attended, t -> Arrays.copyOfRange(out, t * WIDTH, (t + 1) * WIDTH));
    return attended;
  }

  /** Of every distance in a row, by the law of the paper. */
  private int[] places(int tokens) {
    IntUnaryOperator bucket =
        distance -> {
          int half = span / 2;
          if (!settings.contains("position_buckets") || distance <= half) {
            return distance;
          }
          double share = Math.log((double) distance / half) / Math.log(5.0 / half); // of 6 − 1
          return (int) Math.ceil(share * (half - 1)) + half;
        };
    return IntStream.range(1 - tokens, tokens)
        .map(d -> Integer.signum(d) * bucket.applyAsInt(Math.abs(d)) + span)
        .map(place -> Math.max(0, Math.min(place, 2 * span - 1)))
        .toArray();
  }

  private static double[][] beside(double[][] left, double[][] right) {
    double[][] both = new double[right.length][];
    for (int t = 0; t < both.length; t++) {
      int width = left[t] == null ? 0 : left[t].length;
      both[t] = new double[width + right[t].length];
      if (width > 0) {
        System.arraycopy(left[t], 0, both[t], 0, width);
      }
      System.arraycopy(right[t], 0, both[t], width, right[t].length);
    }
    return both;
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }
}
