package dev.cantilever.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Tokens per second of rollout, scoring and PPO update on the CPU, and what share that is of the
 * machine's own rate of matrix products: oneDNN's sgemm of [1024, 1024] matrices in f32 on all
 * cores, measured in the same run. The best iteration of each counts.
 *
 * <p>From the repository's root, with the embedded demo model:
 *
 * <pre>{@code
 * mvn -q -pl gpu-ops test-compile dependency:build-classpath -Dmdep.outputFile=target/classpath
 * java --add-modules jdk.incubator.vector \
 *   -cp gpu-ops/target/test-classes:gpu-ops/target/classes:$(cat gpu-ops/target/classpath) \
 *   dev.cantilever.model.ModelBenchmark \
 *   datasets/src/main/resources/dev/cantilever/sample/neox-imdb-10m
 * }</pre>
 *
 * <p>The forks take the parent's flags: {@code -XX:UseAVX=2} shows a machine without AVX-512.
 *
 * <p>Credited are the products of the base and the head, two operations an element of a matrix:
 * what every way of doing this work must do. For the demo model a block has 256·(768 + 256 + 1024 +
 * 1024) = 786 432 elements, its 8 blocks 6 291 456, the head 8192·256 = 2 097 152:
 *
 * <ul>
 *   <li>forward, a token: 12.58 MFLOP;
 *   <li>gradient of inputs, a token: 11.67 MFLOP, as nothing goes back through QKV and up of the
 *       first block;
 *   <li>head, a response token: 4.19 MFLOP forward, 4.19 for the gradient of its input.
 * </ul>
 *
 * <p>A mini-batch of 8 rows has 195 tokens, 160 of them responses: 6.07 GFLOP. At 200 GFLOP/s that
 * is 30 ms, or 6400 tokens/s; nothing can be faster. Not credited: the adapters' products (another
 * 0.62 GFLOP, shown in a column of its own), attention (below 1 %), and whatever is computed twice.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 8, time = 1)
@Fork(1)
public class ModelBenchmark {

  private static final String DIRECTORY = "directory";

  /** The model. */
  @State(Scope.Thread)
  public static class Demo {

    /** Directory of a language model. */
    @Param("")
    public String directory = "";

    private @Nullable BenchedModel opened;

    @Setup
    public void open() throws IOException {
      opened = new BenchedModel(Path.of(directory));
    }

    @TearDown
    public void close() {
      model().close();
    }

    BenchedModel model() {
      return Objects.requireNonNull(opened);
    }
  }

  /** What an iteration has done; JMH divides by its time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {

    /** Tokens that went through the model, or came out of it. */
    public long tokens;

    /** Floating-point operations credited. */
    public double flops;

    /** Those, and the adapters'. */
    public double withAdapters;

    void add(long newTokens, double base, double adapters) {
      tokens += newTokens;
      flops += base;
      withAdapters += base + adapters;
    }
  }

  /** Three square matrices. */
  @State(Scope.Thread)
  public static class Square {

    static final int SIZE = 1024;

    final FloatPointer a = random();
    final FloatPointer b = random();
    final FloatPointer c = random();

    private static FloatPointer random() {
      Random random = new Random(7);
      FloatPointer pointer = new FloatPointer((long) SIZE * SIZE);
      for (long i = 0; i < (long) SIZE * SIZE; i++) {
        pointer.put(i, random.nextFloat() - 0.5f);
      }
      return pointer;
    }
  }

  /** The machine's own rate. */
  @Benchmark
  public int sgemm(Square m, Work work) {
    int n = Square.SIZE;
    work.add(0, 2.0 * n * n * n, 0);
    return dnnl.dnnl_sgemm((byte) 'N', (byte) 'N', n, n, n, 1f, m.a, n, m.b, n, 0f, m.c, n);
  }

  /** One mini-batch: forward, backward, AdamW. */
  @Benchmark
  public void update(Demo demo, Work work) {
    BenchedModel model = demo.model();
    model.update();
    work.add(model.updateTokens(), model.updateFlops(), model.updateAdapterFlops());
  }

  /** The first three mini-batches of a JVM. */
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @Warmup(iterations = 0)
  @Measurement(iterations = 3)
  @Fork(2)
  public void updateCold(Demo demo) {
    demo.model().update();
  }

  /** 32 rows under policy and reference. */
  @Benchmark
  public PolicyScores score(Demo demo, Work work) {
    BenchedModel model = demo.model();
    work.add(model.scoreTokens(), model.scoreFlops(), model.scoreAdapterFlops());
    return model.score();
  }

  /** 64 responses of 20 tokens. */
  @Benchmark
  public List<Generation> generate(Demo demo, Work work) {
    BenchedModel model = demo.model();
    work.add(model.generatedTokens(), model.generateFlops(), model.generateAdapterFlops());
    return model.generate();
  }

  /**
   * Runs all of it and prints the shares.
   *
   * @param arguments the model's directory, then, if not all, a regular expression of names
   */
  public static void main(String[] arguments) throws RunnerException {
    String name = arguments.length > 1 ? arguments[1] : ".*";
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(ModelBenchmark.class.getName() + "\\.(sgemm|" + name + ")$")
                    .param(DIRECTORY, arguments[0])
                    .build())
            .run();
    double machine = 0;
    for (RunResult result : results) {
      if (nameOf(result).equals("sgemm")) {
        machine = best(result, "flops");
      }
    }
    System.out.printf(Locale.ROOT, "%nsgemm %.1f GFLOP/s%n", machine / 1e9);
    System.out.println("          tokens/s  GFLOP/s  share  with adapters");
    for (RunResult result : results) {
      if (result.getParams().getMode() == Mode.Throughput && !nameOf(result).equals("sgemm")) {
        double flops = best(result, "flops");
        System.out.printf(
            Locale.ROOT,
            "%-8s %9.0f %8.1f %5.1f%% %13.1f%%%n",
            nameOf(result),
            best(result, "tokens"),
            flops / 1e9,
            100 * flops / machine,
            100 * best(result, "withAdapters") / machine);
      }
    }
  }

  private static String nameOf(RunResult result) {
    String path = result.getParams().getBenchmark();
    return path.substring(path.lastIndexOf('.') + 1);
  }

  private static double best(RunResult result, String counter) {
    return result.getBenchmarkResults().stream()
        .flatMap(fork -> fork.getIterationResults().stream())
        .map(iteration -> Objects.requireNonNull(iteration.getSecondaryResults().get(counter)))
        .mapToDouble(Result::getScore)
        .max()
        .orElseThrow();
  }
}
