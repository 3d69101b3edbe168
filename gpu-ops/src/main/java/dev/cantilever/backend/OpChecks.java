package dev.cantilever.backend;

import static dev.cantilever.backend.ArgumentShapes.F32;
import static dev.cantilever.backend.ArgumentShapes.FLOATS;
import static dev.cantilever.backend.ArgumentShapes.I32;
import static dev.cantilever.backend.ArgumentShapes.axes;
import static dev.cantilever.backend.ArgumentShapes.require;

import dev.cantilever.OpsException;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.List;

/**
 * The shapes and element types every operation demands, stated once for all backends: each
 * implementation of an operation calls the method of the same name first; those of attention and
 * losses are {@link AttentionChecks} and {@link LossChecks}. A failure names the operation, the
 * argument, every expected axis and what was found.
 */
public final class OpChecks {

  private OpChecks() {}

  /** {@link MatmulOps#linear(Tensor, Tensor, Weight)}. */
  public static void linear(Tensor y, Tensor x, Weight w) {
    linear("linear", y, x, w);
  }

  private static void linear(String op, Tensor y, Tensor x, Weight w) {
    weight(op, "weight", w);
    long n = axes(op, "x", x, F32, "N, I")[0];
    require(op, "x", x, F32, "N, I", n, w.inFeatures());
    require(op, "y", y, F32, "N, O", n, w.outFeatures());
  }

  /** {@link MatmulOps#linear(Tensor, Tensor, Weight, Tensor)}. */
  public static void linear(Tensor y, Tensor x, Weight w, Tensor residual) {
    linear(y, x, w);
    residual("linear", y, residual);
  }

  /** {@link MatmulOps#linearSum}. */
  public static void linearSum(Tensor y, LinearTerm first, LinearTerm second, Tensor residual) {
    for (LinearTerm term : List.of(first, second)) {
      linear("linearSum", y, term.x(), term.w());
      if (term.w() instanceof Int8Weight int8 && int8.mode() == Int8Mode.LLM_INT8) {
        throw new ShapeException(
            "linearSum: expected weights that are multiplied by rows as they are, got %s. Call linear for each."
                .formatted(int8.mode()));
      }
    }
    residual("linearSum", y, residual);
  }

  /** {@link MatmulOps#linearPair}. */
  public static void linearPair(Tensor y1, LinearTerm first, Tensor y2, LinearTerm second) {
    linear("linearPair", y1, first.x(), first.w());
    linear("linearPair", y2, second.x(), second.w());
    require("linearPair", "y2", y2, F32, "N, O", y1.dim(0), second.w().outFeatures());
  }

  private static void residual(String op, Tensor y, Tensor residual) {
    require(op, "residual", residual, F32, "N, O", y.dim(0), y.dim(1));
    if (residual.address() == y.address()) {
      throw new ShapeException(
          "%s: expected residual as another tensor than y, got %s for both. Write to a tensor of its own."
              .formatted(op, y));
    }
  }

  /** {@link MatmulOps#linearInputGradient}. */
  public static void linearInputGradient(Tensor dx, Tensor dy, Weight w) {
    weight("linearInputGradient", "weight", w);
    long n = axes("linearInputGradient", "dy", dy, F32, "N, O")[0];
    require("linearInputGradient", "dy", dy, F32, "N, O", n, w.outFeatures());
    require("linearInputGradient", "dx", dx, F32, "N, I", n, w.inFeatures());
  }

  static void weight(String op, String name, Weight w) {
    if (w instanceof DenseWeight dense) {
      axes(op, name, dense.values(), FLOATS, "O, I");
    } else if (w instanceof Int8Weight int8) {
      require(op, "absmax", int8.absmax(), F32, "O", int8.outFeatures());
    }
    w.bias().ifPresent(bias -> require(op, "bias", bias, FLOATS, "O", w.outFeatures()));
  }

  /**
   * The integers of a weight, whose layout is a backend's own: each operation that reads or writes
   * them says how many bytes these take.
   *
   * @param bytes {@link MatmulOps#int8Bytes} of the weight on the backend that calls
   */
  public static void int8Data(String op, Int8Weight w, long bytes) {
    if (w.data().dtype() != DType.I8 || w.data().bytes() < bytes) {
      throw new ShapeException(
          ("%s: expected data of %d bytes I8 for an int8 weight [O=%d, I=%d], got %s."
                  + " Allocate int8Bytes(O, I).")
              .formatted(op, bytes, w.outFeatures(), w.inFeatures(), w.data()));
    }
  }

  /** {@link MatmulOps#project}. */
  public static void project(Tensor y, int column, Tensor x, Tensor p) {
    long[] matrix = axes("project", "p", p, F32, "O, I");
    long n = axes("project", "x", x, F32, "N, I")[0];
    require("project", "x", x, F32, "N, I", n, matrix[1]);
    columns("project", "y", y, n, column, matrix[0]);
  }

  /** {@link MatmulOps#projectInputGradient}. */
  public static void projectInputGradient(Tensor dx, Tensor dy, int column, Tensor p) {
    long[] matrix = axes("projectInputGradient", "p", p, F32, "O, I");
    long n = axes("projectInputGradient", "dx", dx, F32, "N, I")[0];
    require("projectInputGradient", "dx", dx, F32, "N, I", n, matrix[1]);
    columns("projectInputGradient", "dy", dy, n, column, matrix[0]);
  }

  /** {@link MatmulOps#projectWeightGradient}. */
  public static void projectWeightGradient(
      Tensor dp, Tensor dy, int column, Tensor x, PackedRows rows) {
    long[] matrix = axes("projectWeightGradient", "dp", dp, F32, "O, I");
    require("projectWeightGradient", "x", x, F32, "N, I", rows.tokens(), matrix[1]);
    columns("projectWeightGradient", "dy", dy, rows.tokens(), column, matrix[0]);
  }

  /** {@link MatmulOps#lowRank}. */
  public static void lowRank(Tensor y, Tensor x, List<LowRankTerm> terms) {
    long[] inputs = axes("lowRank", "x", x, F32, "N, I");
    columns("lowRank", "y", y, inputs[0], 0, 0);
    for (int t = 0; t < terms.size(); t++) {
      LowRankTerm term = terms.get(t);
      String a = "a of term " + t;
      String b = "b of term " + t;
      long rank = axes("lowRank", a, term.a(), F32, "R, I")[0];
      require("lowRank", a, term.a(), F32, "R, I", rank, inputs[1]);
      long outputs = axes("lowRank", b, term.b(), F32, "O, R")[0];
      require("lowRank", b, term.b(), F32, "O, R", outputs, rank);
      columns("lowRank", "y", y, inputs[0], term.column(), outputs);
    }
  }

  private static void columns(String op, String name, Tensor t, long n, int column, long width) {
    if (t.dtype() != DType.F32
        || t.shape().rank() != 2
        || t.dim(0) != n
        || column < 0
        || column + width > t.dim(1)) {
      throw new ShapeException(
          op
              + ": expected "
              + name
              + " [N="
              + n
              + ", at least "
              + column
              + "+"
              + width
              + "] F32, got "
              + t);
    }
  }

  /** {@link MatmulOps#quantize}. */
  public static void quantize(Int8Weight target, Tensor source) {
    require(
        "quantize", "source", source, FLOATS, "O, I", target.outFeatures(), target.inFeatures());
    require("quantize", "absmax", target.absmax(), F32, "O", target.outFeatures());
  }

  /** {@link MatmulOps#writeInt8}. */
  public static void writeInt8(Int8Weight target, Tensor source) {
    require(
        "writeInt8",
        "source",
        source,
        new DType[] {DType.I8},
        "O, I",
        target.outFeatures(),
        target.inFeatures());
    require("writeInt8", "absmax", target.absmax(), F32, "O", target.outFeatures());
  }

  /** {@link MatmulOps#readInt8}. */
  public static void readInt8(Tensor target, Int8Weight source) {
    require(
        "readInt8",
        "target",
        target,
        new DType[] {DType.I8},
        "O, I",
        source.outFeatures(),
        source.inFeatures());
    require("readInt8", "absmax", source.absmax(), F32, "O", source.outFeatures());
  }

  /** {@link MatmulOps#randomInt8}; the data are {@link #int8Data}'s to check. */
  public static void randomInt8(Int8Weight target, float absmax) {
    require("randomInt8", "absmax", target.absmax(), F32, "O", target.outFeatures());
    magnitude("randomInt8", "absmax", absmax);
  }

  /** {@link Transfers#fillUniform}. */
  public static void fillUniform(Tensor target, float bound) {
    if (!Arrays.asList(FLOATS).contains(target.dtype())) {
      throw new ShapeException(
          "fillUniform: expected target of %s, got %s. Fill a floating-point tensor."
              .formatted(Arrays.toString(FLOATS), target));
    }
    magnitude("fillUniform", "bound", bound);
  }

  private static void magnitude(String op, String name, float value) {
    if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
      throw new ShapeException(
          "%s: expected %s as a finite number of at least 0, got %s. Pass a magnitude."
              .formatted(op, name, value));
    }
  }

  /** {@link MatmulOps#buildPanel}. */
  public static Tensor buildPanel(Weight w, long panelBytes) {
    Tensor panel =
        w.panel()
            .orElseThrow(() -> new ShapeException("buildPanel: expected a weight with a panel"));
    if (panel.bytes() < panelBytes) {
      throw new ShapeException(
          "buildPanel: expected a panel of " + panelBytes + " bytes, got " + panel);
    }
    return panel;
  }

  /** {@link NormOps#layerNorm}. */
  public static void layerNorm(Tensor y, Tensor x, Tensor gamma, Tensor beta) {
    long[] size = axes("layerNorm", "x", x, F32, "N, C");
    require("layerNorm", "y", y, F32, "N, C", size);
    require("layerNorm", "gamma", gamma, FLOATS, "C", size[1]);
    require("layerNorm", "beta", beta, FLOATS, "C", size[1]);
  }

  /** {@link NormOps#layerNormBackward}. */
  public static void layerNormBackward(Tensor dx, Tensor dy, Tensor x, Tensor gamma) {
    long[] size = axes("layerNormBackward", "x", x, F32, "N, C");
    require("layerNormBackward", "dx", dx, F32, "N, C", size);
    require("layerNormBackward", "dy", dy, F32, "N, C", size);
    require("layerNormBackward", "gamma", gamma, FLOATS, "C", size[1]);
  }

  /** {@link NormOps#rmsNorm}. */
  public static void rmsNorm(Tensor y, Tensor x, Tensor gamma) {
    long[] size = axes("rmsNorm", "x", x, F32, "N, C");
    require("rmsNorm", "y", y, F32, "N, C", size);
    require("rmsNorm", "gamma", gamma, FLOATS, "C", size[1]);
  }

  /** {@link NormOps#rmsNormBackward}. */
  public static void rmsNormBackward(Tensor dx, Tensor dy, Tensor x, Tensor gamma) {
    long[] size = axes("rmsNormBackward", "x", x, F32, "N, C");
    require("rmsNormBackward", "dx", dx, F32, "N, C", size);
    require("rmsNormBackward", "dy", dy, F32, "N, C", size);
    require("rmsNormBackward", "gamma", gamma, FLOATS, "C", size[1]);
  }

  /** {@link NormOps#headNorm}. */
  public static void headNorm(
      Tensor y, Tensor x, Tensor queryGamma, Tensor keyGamma, AttentionSpec spec) {
    headNorm("headNorm", x, queryGamma, keyGamma, spec);
    require("headNorm", "y", y, F32, "N, W", x.dim(0), x.dim(1));
  }

  /** {@link NormOps#headNormBackward}. */
  public static void headNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor queryGamma, Tensor keyGamma, AttentionSpec spec) {
    String op = "headNormBackward";
    headNorm(op, x, queryGamma, keyGamma, spec);
    require(op, "dx", dx, F32, "N, W", x.dim(0), x.dim(1));
    require(op, "dy", dy, F32, "N, W", x.dim(0), x.dim(1));
  }

  private static void headNorm(
      String op, Tensor x, Tensor queryGamma, Tensor keyGamma, AttentionSpec spec) {
    if (spec.layout() != HeadLayout.SPLIT) {
      throw new ShapeException(
          "%s: expected queries, keys and values one behind the other (%s), got %s. Reorder the heads."
              .formatted(op, HeadLayout.SPLIT, spec.layout()));
    }
    long n = axes(op, "x", x, F32, "N, W")[0];
    require(op, "x", x, F32, "N, W", n, spec.projectionSize());
    require(op, "queryGamma", queryGamma, FLOATS, "D", spec.headSize());
    require(op, "keyGamma", keyGamma, FLOATS, "D", spec.headSize());
  }

  /** Operations on tensors of equal type and number of elements, named by {@code op}. */
  public static void elementwise(String op, Tensor first, Tensor... others) {
    for (Tensor t : others) {
      if (t.dtype() != first.dtype() || t.elements() != first.elements()) {
        throw new ShapeException(
            op + ": expected tensors of equal type and size, got " + first + " and " + t);
      }
    }
  }

  /** Copies between a tensor and an array of so many elements. */
  public static void transfer(String op, Tensor tensor, DType type, int elements) {
    if (tensor.dtype() != type || tensor.elements() != elements) {
      throw new ShapeException(
          "%s: expected %d elements of %s, as the array, got %s. Make one fit the other."
              .formatted(op, elements, type, tensor));
    }
  }

  /** {@link Transfers#convert}. */
  public static void convert(Tensor target, Tensor source) {
    List<DType> types = List.of(FLOATS);
    if (!types.contains(target.dtype())
        || !types.contains(source.dtype())
        || target.elements() != source.elements()) {
      throw new ShapeException(
          "convert: expected tensors of equal size of the types %s, got %s into %s. Check both."
              .formatted(types, source, target));
    }
  }

  /** {@link ActivationOps}: F32 tensors of equal size. */
  public static void activation(String op, Tensor first, Tensor... others) {
    if (first.dtype() != DType.F32) {
      throw new ShapeException(op + ": expected F32, got " + first);
    }
    elementwise(op, first, others);
  }

  /** {@link ActivationOps#activateGated}. */
  public static void activateGated(Tensor y, Tensor x) {
    long[] size = axes("activateGated", "y", y, F32, "N, F");
    require("activateGated", "x", x, F32, "N, 2F", size[0], 2 * size[1]);
  }

  /** {@link ActivationOps#activateGatedBackward}. */
  public static void activateGatedBackward(Tensor dx, Tensor dy, Tensor x) {
    long[] size = axes("activateGatedBackward", "dy", dy, F32, "N, F");
    require("activateGatedBackward", "dx", dx, F32, "N, 2F", size[0], 2 * size[1]);
    require("activateGatedBackward", "x", x, F32, "N, 2F", size[0], 2 * size[1]);
  }

  /** {@link ActivationOps#softcap}. */
  public static void softcap(Tensor y, Tensor x, float cap) {
    activation("softcap", y, x);
    if (!(cap > 0 && cap < Float.POSITIVE_INFINITY)) {
      throw new ShapeException("softcap: expected a finite cap above 0, got " + cap);
    }
  }

  /** {@link ActivationOps#affineColumns}. */
  public static void affineColumns(Tensor y, Tensor x, int column, Tensor factor, Tensor shift) {
    long[] size = axes("affineColumns", "y", y, F32, "N, Y");
    require("affineColumns", "x", x, F32, "N, Y", size[0], size[1]);
    long width = axes("affineColumns", "factor", factor, F32, "O'")[0];
    require("affineColumns", "shift", shift, F32, "O'", width);
    if (column < 0 || column + width > size[1]) {
      throw new ShapeException(
          "affineColumns: expected columns inside of [0, %d), got [%d, %d)"
              .formatted(size[1], column, column + width));
    }
  }

  /** {@link ActivationOps#dropout}. */
  public static void dropout(Tensor y, Tensor x, float p) {
    activation("dropout", y, x);
    if (!(p >= 0 && p < 1)) {
      throw new ShapeException("dropout: expected a probability in [0, 1), got " + p);
    }
  }

  /** {@link EmbeddingOps#gather}. */
  public static void gather(Tensor y, Tensor table, Tensor ids) {
    long width = axes("gather", "table", table, FLOATS, "V, C")[1];
    long n = axes("gather", "ids", ids, I32, "N")[0];
    require("gather", "y", y, F32, "N, C", n, width);
  }

  /** {@link EmbeddingOps#scatterAdd}. */
  public static void scatterAdd(Tensor dx, Tensor dy, Tensor ids) {
    long width = axes("scatterAdd", "dx", dx, F32, "N, C")[1];
    long m = axes("scatterAdd", "ids", ids, I32, "M")[0];
    require("scatterAdd", "dy", dy, F32, "M, C", m, width);
  }

  /** What {@link EmbeddingOps} throws of an index outside its table. */
  public static ShapeException indexOutOfRange(String op, int limit, int index, int position) {
    return new ShapeException(
        "%s: expected indices in [0, %d), got %d at position %d; check that the tokenizer belongs to the model"
            .formatted(op, limit, index, position));
  }

  /** {@link SamplingOps#sample}. */
  public static void sample(
      Tensor tokens, Tensor logprobs, Tensor logits, Tensor queryIds, Tensor positions) {
    long b = axes("sample", "logits", logits, F32, "B, V")[0];
    require("sample", "tokens", tokens, I32, "B", b);
    require("sample", "logprobs", logprobs, F32, "B", b);
    require("sample", "queryIds", queryIds, new DType[] {DType.I64}, "B", b);
    require("sample", "positions", positions, I32, "B", b);
  }

  /** {@link SamplingOps#feedTokens}. */
  public static void feedTokens(
      Tensor ids,
      Tensor positions,
      Tensor responsePositions,
      Tensor kept,
      Tensor place,
      Tensor tokens,
      Tensor logprobs) {
    long b = axes("feedTokens", "tokens", tokens, I32, "B")[0];
    require("feedTokens", "logprobs", logprobs, F32, "B", b);
    require("feedTokens", "ids", ids, I32, "B", b);
    require("feedTokens", "positions", positions, I32, "B", b);
    require("feedTokens", "responsePositions", responsePositions, I32, "B", b);
    long places = axes("feedTokens", "kept", kept, I32, "P, 2*B")[0];
    require("feedTokens", "kept", kept, I32, "P, 2*B", places, 2 * b);
    require("feedTokens", "place", place, I32, "count", 1);
  }

  /** What {@link SamplingOps#feedTokens} throws of a place that is not there. */
  public static ShapeException noSuchPlace(int places, int place) {
    return new ShapeException(
        "feedTokens: expected a place in [0, %d), got %d. Begin at 0 and take no more steps than there are places before reading them."
            .formatted(places, place));
  }

  /**
   * What {@link SamplingOps} throws of a row that nothing can be drawn from.
   *
   * @param found the bad logit and its token
   */
  public static OpsException logitsNotFinite(String found, int row, long queryId, int position) {
    return new OpsException(
        "sample: expected logits without NaN and with a finite maximum, found %s in row %d (query %d, position %d). Look for a diverged update or a damaged weight."
            .formatted(found, row, queryId, position));
  }

  /** {@link OptimizerOps#adamW}. */
  public static void adamW(List<AdamWTensors> parameters) {
    for (AdamWTensors one : parameters) {
      activation("adamW", one.p(), one.g(), one.m(), one.v());
    }
  }
}
