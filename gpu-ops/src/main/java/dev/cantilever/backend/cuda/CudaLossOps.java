package dev.cantilever.backend.cuda;

import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.LossFaults;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Output head and losses in chunks of rows and of the vocabulary. A row has a running state (its
 * maximum, its sums relative to that) which each chunk of the head, in ascending order, continues:
 * the online softmax of Milakov and Gimelshein (2018). Chunks of the vocabulary depend on the head
 * and the backend, and one block reads a row, so a row's bits do not depend on the rows beside it.
 */
final class CudaLossOps implements LossOps {

  static final KernelSource KERNELS = KernelSource.of(CudaLossOps.class, "loss.cu");

  /** The same for logits with a cap. */
  private static final KernelSource CAPPED =
      KernelSource.of(CudaLossOps.class, "loss.cu", List.of("CAPPED=1"));

  private static final int THREADS = 256;
  private static final int GRADIENTS_PER_BLOCK = 4 * THREADS;

  private final Execution execution;
  private final MatmulOps matmul;
  private final HeadSums headSums;

  /**
   * Makes the operations.
   *
   * @param matmul products with the head, in which a row's bits do not depend on its neighbours
   */
  CudaLossOps(Execution execution, MatmulOps matmul) {
    this.execution = execution;
    this.matmul = matmul;
    this.headSums = new HeadSums(execution);
  }

  @Override
  public void tokenLogprobs(
      Tensor logprobs,
      Tensor entropy,
      Tensor normalizers,
      Tensor hidden,
      Weight head,
      Tensor targets,
      LogitSpec spec) {
    String op = "tokenLogprobs";
    OpChecks.tokenLogprobs(logprobs, entropy, normalizers, hidden, head, targets);
    checkTargets(op, targets, head.outFeatures());
    int tokens = hidden.size(0);
    List<HeadChunk> chunks = HeadChunk.of(head, execution, 1);
    Arena.Mark mark = execution.workspace().mark();
    try {
      RowLogits logits = RowLogits.in(execution, tokens, 1, chunks);
      for (int from = 0; from < tokens; from += logits.rows()) {
        int to = Math.min(from + logits.rows(), tokens);
        Tensor wanted = targets.slice(from, to);
        scanAll(logits, hidden.slice(from, to), chunks, wanted, spec);
        reportNotFinite(op, logits, from, to, "hidden", hidden);
        kernel("finish_logprobs")
            .pointer(logprobs.slice(from, to))
            .pointer(entropy.slice(from, to))
            .pointer(normalizers.slice(from, to))
            .pointer(logits.states())
            .integer(to - from)
            .run(Grids.blocks(to - from, THREADS), THREADS);
      }
    } finally {
      execution.workspace().reset(mark);
    }
  }

  @Override
  public void tokenLogprobsBackward(
      Tensor dHidden,
      HeadGradient dHead,
      Tensor dLogprobs,
      Tensor normalizers,
      Tensor hidden,
      Weight head,
      Tensor targets,
      LogitSpec spec) {
    String op = "tokenLogprobsBackward";
    OpChecks.tokenLogprobsBackward(dHidden, dHead, dLogprobs, normalizers, hidden, head, targets);
    checkTargets(op, targets, head.outFeatures());
    checkGradients(op, dLogprobs);
    int notFinite = expectNotFinite(op, "hidden", hidden);
    int tokens = hidden.size(0);
    List<HeadChunk> chunks = HeadChunk.of(head, execution, 1);
    Arena.Mark mark = execution.workspace().mark();
    try {
      RowLogits logits = RowLogits.in(execution, tokens, 1, chunks);
      for (int from = 0; from < tokens; from += logits.rows()) {
        int to = Math.min(from + logits.rows(), tokens);
        Tensor rows = hidden.slice(from, to);
        Tensor wanted = targets.slice(from, to);
        for (HeadChunk chunk : chunks) {
          matmul.linear(logits.of(to - from, chunk), rows, chunk.weight());
          LaunchBuffer launch =
              kernel("logit_gradient", spec)
                  .pointer(logits.logits())
                  .pointer(normalizers.slice(from, to))
                  .pointer(dLogprobs.slice(from, to))
                  .pointer(wanted)
                  .integer(chunk.entries())
                  .integer(chunk.first());
          rule(launch, spec)
              .integer(from)
              .pointer(execution.faults().word())
              .integer(notFinite)
              .run(to - from, Grids.blocks(chunk.entries(), GRADIENTS_PER_BLOCK), 1, THREADS, 0);
          headSums.add(dHead, chunk, logits.of(to - from, chunk), rows);
          matmul.linearInputGradient(
              dHidden.slice(from, to),
              logits.of(to - from, chunk),
              chunk.weight(),
              chunk.first() > 0);
        }
      }
    } finally {
      execution.workspace().reset(mark);
    }
  }

  @Override
  public void fullKl(
      Tensor kl, Tensor hiddenP, Weight headP, Tensor hiddenQ, Weight headQ, LogitSpec spec) {
    String op = "fullKl";
    OpChecks.fullKl(kl, hiddenP, headP, hiddenQ, headQ);
    int tokens = hiddenP.size(0);
    List<HeadChunk> chunks = HeadChunk.of(headP, execution, 2);
    List<HeadChunk> chunksQ = HeadChunk.of(headQ, execution, 2); // cut alike
    Arena.Mark mark = execution.workspace().mark();
    try {
      RowLogits p = RowLogits.in(execution, tokens, 2, chunks);
      RowLogits q = RowLogits.in(execution, tokens, 2, chunks);
      for (int from = 0; from < tokens; from += p.rows()) {
        int to = Math.min(from + p.rows(), tokens);
        for (int i = 0; i < chunks.size(); i++) {
          HeadChunk chunk = chunks.get(i);
          Weight weightQ = chunksQ.get(i).weight();
          matmul.linear(p.of(to - from, chunk), hiddenP.slice(from, to), chunk.weight());
          matmul.linear(q.of(to - from, chunk), hiddenQ.slice(from, to), weightQ);
          scan(q, to - from, chunk, Optional.empty(), spec);
          LaunchBuffer launch =
              kernel("scan_against", spec)
                  .pointer(p.states())
                  .pointer(p.logits())
                  .pointer(q.logits())
                  .integer(chunk.entries())
                  .integer(chunk.first());
          rule(launch, spec).run(to - from, THREADS);
        }
        reportNotFinite(op, p, from, to, "hiddenP", hiddenP);
        reportNotFinite(op, q, from, to, "hiddenQ", hiddenQ);
        kernel("finish_divergence")
            .pointer(kl.slice(from, to))
            .pointer(p.states())
            .pointer(q.states())
            .integer(to - from)
            .run(Grids.blocks(to - from, THREADS), THREADS);
      }
    } finally {
      execution.workspace().reset(mark);
    }
  }

  /** Reads the logits of some rows for the whole vocabulary. */
  private void scanAll(
      RowLogits logits, Tensor hidden, List<HeadChunk> chunks, Tensor targets, LogitSpec spec) {
    int rows = hidden.size(0);
    for (HeadChunk chunk : chunks) {
      matmul.linear(logits.of(rows, chunk), hidden, chunk.weight());
      scan(logits, rows, chunk, Optional.of(targets), spec);
    }
  }

  private void scan(
      RowLogits logits, int rows, HeadChunk chunk, Optional<Tensor> targets, LogitSpec spec) {
    LaunchBuffer launch =
        kernel("scan", spec)
            .pointer(logits.states())
            .pointer(logits.logits())
            .pointer(targets)
            .integer(chunk.entries())
            .integer(chunk.first());
    rule(launch, spec).run(rows, THREADS);
  }

  private void checkTargets(String op, Tensor targets, int vocabulary) {
    int tokens = targets.size(0);
    int call =
        execution.faults().expect((row, target) -> LossFaults.target(op, vocabulary, target, row));
    kernel("check_targets")
        .pointer(targets)
        .integer(tokens)
        .integer(vocabulary)
        .pointer(execution.faults().word())
        .integer(call)
        .run(Grids.blocks(tokens, THREADS), THREADS);
  }

  private void checkGradients(String op, Tensor dLogprobs) {
    int tokens = dLogprobs.size(0);
    int call =
        execution
            .faults()
            .expect(
                (row, bits) -> LossFaults.gradient(op, Float.intBitsToFloat(bits), row, dLogprobs));
    kernel("check_finite")
        .pointer(dLogprobs)
        .integer(tokens)
        .pointer(execution.faults().word())
        .integer(call)
        .run(Grids.blocks(tokens, THREADS), THREADS);
  }

  private void reportNotFinite(
      String op, RowLogits logits, int from, int to, String name, Tensor hidden) {
    int call = expectNotFinite(op, name, hidden);
    kernel("report_not_finite")
        .pointer(logits.states())
        .integer(to - from)
        .integer(from)
        .pointer(execution.faults().word())
        .integer(call)
        .run(Grids.blocks(to - from, THREADS), THREADS);
  }

  private int expectNotFinite(String op, String name, Tensor hidden) {
    return execution
        .faults()
        .expect((row, bits) -> LossFaults.logit(op, Float.intBitsToFloat(bits), row, name, hidden));
  }

  /** {@code LogitRule} of the kernels. */
  private static LaunchBuffer rule(LaunchBuffer launch, LogitSpec spec) {
    launch.real(spec.scale());
    return spec.capped() ? launch.real(spec.cap()) : launch;
  }

  /** A kernel that makes logits of what the head gives. */
  private LaunchBuffer kernel(String name, LogitSpec spec) {
    return execution.kernels().kernel(spec.capped() ? CAPPED : KERNELS, name).with();
  }

  private LaunchBuffer kernel(String name) {
    return execution.kernels().kernel(KERNELS, name).with();
  }

  static List<KernelSource> sources() {
    return Stream.concat(Stream.of(KERNELS, CAPPED), HeadSums.sources().stream()).toList();
  }
}
