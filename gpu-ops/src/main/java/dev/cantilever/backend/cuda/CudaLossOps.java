package dev.cantilever.backend.cuda;

import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.HeadTerms;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.LossChecks;
import dev.cantilever.backend.LossFaults;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
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
  private final HeadTerms headTerms;
  private final HeadSums headSums;

  /**
   * Makes the operations.
   *
   * @param headTerms what heads give, in which a row's bits do not depend on its neighbours
   */
  CudaLossOps(Execution execution, HeadTerms headTerms) {
    this.execution = execution;
    this.headTerms = headTerms;
    this.headSums = new HeadSums(execution);
  }

  @Override
  public void tokenLogprobs(
      Tensor logprobs,
      Tensor entropy,
      Tensor normalizers,
      HeadInput head,
      Tensor targets,
      LogitSpec spec) {
    String op = "tokenLogprobs";
    LossChecks.tokenLogprobs(logprobs, entropy, normalizers, head, targets);
    checkTargets(op, targets, head.entries());
    int tokens = head.tokens();
    int matrices = HeadTerms.matrices(head);
    List<HeadChunk> chunks = HeadChunk.of(head.weight(), execution, matrices);
    Arena.Mark mark = execution.workspace().mark();
    try {
      RowLogits logits = RowLogits.in(execution, tokens, matrices, chunks);
      RowLogits room = room(logits, tokens, matrices, chunks);
      for (int from = 0; from < tokens; from += logits.rows()) {
        int to = Math.min(from + logits.rows(), tokens);
        Tensor wanted = targets.slice(from, to);
        scanAll(logits, room, head, from, to, chunks, wanted, spec);
        reportNotFinite(op, logits, from, to, "hidden", head.hidden());
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
      HeadInput head,
      Tensor targets,
      LogitSpec spec) {
    String op = "tokenLogprobsBackward";
    LossChecks.tokenLogprobsBackward(dHidden, dHead, dLogprobs, normalizers, head, targets);
    checkTargets(op, targets, head.entries());
    checkGradients(op, dLogprobs);
    int notFinite = expectNotFinite(op, "hidden", head.hidden());
    int tokens = head.tokens();
    int matrices = HeadTerms.matricesBack(head);
    List<HeadChunk> chunks = HeadChunk.of(head.weight(), execution, matrices);
    Arena.Mark mark = execution.workspace().mark();
    try {
      RowLogits logits = RowLogits.in(execution, tokens, matrices, chunks);
      RowLogits room = room(logits, tokens, matrices, chunks);
      for (int from = 0; from < tokens; from += logits.rows()) {
        int to = Math.min(from + logits.rows(), tokens);
        Tensor wanted = targets.slice(from, to);
        for (HeadChunk chunk : chunks) {
          Tensor gradients = logits.of(to - from, chunk);
          Tensor second = room.of(to - from, chunk);
          give(gradients, head, chunk, from, second);
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
          headTerms.takeBack(
              dHidden.slice(from, to),
              dHead.tokens(from, to),
              head.part(from, to, chunk.first(), chunk.weight()),
              gradients,
              second,
              (target, dy, hidden) -> headSums.add(target, chunk, dy, hidden),
              chunk.first() > 0);
        }
      }
    } finally {
      execution.workspace().reset(mark);
    }
  }

  @Override
  public void fullKl(Tensor kl, HeadInput headP, HeadInput headQ, LogitSpec spec) {
    String op = "fullKl";
    LossChecks.fullKl(kl, headP, headQ);
    int tokens = headP.tokens();
    List<HeadChunk> chunks = HeadChunk.of(headP.weight(), execution, 2);
    List<HeadChunk> chunksQ = HeadChunk.of(headQ.weight(), execution, 2); // cut alike
    Arena.Mark mark = execution.workspace().mark();
    try {
      RowLogits p = RowLogits.in(execution, tokens, 2, chunks);
      RowLogits q = RowLogits.in(execution, tokens, 2, chunks);
      for (int from = 0; from < tokens; from += p.rows()) {
        int to = Math.min(from + p.rows(), tokens);
        for (int i = 0; i < chunks.size(); i++) {
          HeadChunk chunk = chunks.get(i);
          HeadChunk chunkQ = chunksQ.get(i);
          Tensor ofP = p.of(to - from, chunk);
          Tensor ofQ = q.of(to - from, chunk);
          give(ofP, headP, chunk, from, ofP);
          give(ofQ, headQ, chunkQ, from, ofQ);
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
        reportNotFinite(op, p, from, to, "hiddenP", headP.hidden());
        reportNotFinite(op, q, from, to, "hiddenQ", headQ.hidden());
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

  /** Room for other such logits, or the same if there need be no other. */
  private RowLogits room(RowLogits logits, int tokens, int matrices, List<HeadChunk> chunks) {
    return matrices == 1 ? logits : RowLogits.in(execution, tokens, matrices, chunks);
  }

  /** Reads the logits of rows {@code [from, to)} for the whole vocabulary. */
  private void scanAll(
      RowLogits logits,
      RowLogits room,
      HeadInput head,
      int from,
      int to,
      List<HeadChunk> chunks,
      Tensor targets,
      LogitSpec spec) {
    for (HeadChunk chunk : chunks) {
      give(logits.of(to - from, chunk), head, chunk, from, room.of(to - from, chunk));
      scan(logits, to - from, chunk, Optional.of(targets), spec);
    }
  }

  /** Writes what a chunk of a head gives for rows from one on, as many as there is room for. */
  private void give(Tensor target, HeadInput head, HeadChunk chunk, int from, Tensor room) {
    int to = from + target.size(0);
    headTerms.give(target, head.part(from, to, chunk.first(), chunk.weight()), room);
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
