package dev.cantilever.backend.onednn;

import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.HeadTerms;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.LossChecks;
import dev.cantilever.backend.LossFaults;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.NotFiniteException;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;

/**
 * Output head and losses on the CPU. Logits exist for a chunk of tokens at a time, as many as the
 * workspace allows, and a token is one task. A token's bits do not depend on the chunks, because
 * those of a product's row do not depend on its neighbours.
 *
 * <p>A logit that is NaN or infinite ends the operation with an {@link NotFiniteException} that
 * names the tensor and the row; what was to be written is then undefined.
 */
final class OneDnnLossOps implements LossOps {

  private static final long FLOAT = Float.BYTES;
  private static final long NORMALIZER = 2 * Double.BYTES;

  private final Workers workers;
  private final HeadTerms headTerms;
  private final Arena workspace;
  private final long workspaceBytes;
  private final HeadSums headSums;
  private final LogitRow[] rows;
  private final LogitRow[] others;

  /**
   * Makes the operations.
   *
   * @param workers threads to run on; the caller closes them
   * @param headTerms what heads give, in which a row's bits do not depend on its neighbours
   * @param workspace where chunks of logits live while an operation runs; the caller closes it
   * @param workspaceBytes the most that they may take, except that one token is always allowed
   */
  OneDnnLossOps(Workers workers, HeadTerms headTerms, Arena workspace, long workspaceBytes) {
    this.workers = workers;
    this.headTerms = headTerms;
    this.workspace = workspace;
    this.workspaceBytes = workspaceBytes;
    headSums = new HeadSums(workers);
    rows = new LogitRow[workers.count()];
    others = new LogitRow[workers.count()];
    for (int w = 0; w < rows.length; w++) {
      rows[w] = new LogitRow();
      others[w] = new LogitRow();
    }
  }

  @Override
  public void tokenLogprobs(
      Tensor logprobs,
      Tensor entropy,
      Tensor normalizers,
      HeadInput head,
      Tensor targets,
      LogitSpec spec) {
    LossChecks.tokenLogprobs(logprobs, entropy, normalizers, head, targets);
    int[] chosen = targets("tokenLogprobs", targets, head.entries());
    Arena.Mark mark = workspace.mark();
    try {
      int matrices = HeadTerms.matrices(head);
      Tensor logits = logits(head.tokens(), matrices, head.entries());
      Tensor room = room(logits, matrices);
      for (int from = 0; from < chosen.length; from += logits.size(0)) {
        int first = from;
        int count = Math.min(logits.size(0), chosen.length - from);
        Tensor chunk = logits.slice(0, count);
        give(chunk, head, from, room);
        boolean[] finite = new boolean[count];
        workers.parallel(
            count,
            (task, worker) -> {
              LogitRow row = rows[worker];
              finite[task] = row.read(row(chunk, task), head.entries(), spec);
              if (finite[task]) {
                long at = (first + task) * FLOAT;
                HostMemory.putFloat(logprobs.address() + at, row.logprob(chosen[first + task]));
                HostMemory.putFloat(entropy.address() + at, row.entropy());
                row.writeNormalizer(normalizers.address() + (first + task) * NORMALIZER);
              }
            });
        requireFinite("tokenLogprobs", "hidden", head.hidden(), from, chunk, finite);
      }
    } finally {
      workspace.reset(mark);
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
    int[] chosen = targets(op, targets, head.entries());
    float[] gradients = new float[chosen.length];
    HostMemory.get(dLogprobs.address(), gradients, 0, gradients.length);
    for (int m = 0; m < gradients.length; m++) {
      if (!Float.isFinite(gradients[m])) {
        throw LossFaults.gradient(op, gradients[m], m, dLogprobs);
      }
    }
    Arena.Mark mark = workspace.mark();
    try {
      int matrices = HeadTerms.matricesBack(head);
      Tensor logits = logits(head.tokens(), matrices, head.entries());
      Tensor room = room(logits, matrices);
      for (int from = 0; from < chosen.length; from += logits.size(0)) {
        int first = from;
        int count = Math.min(logits.size(0), chosen.length - from);
        Tensor chunk = logits.slice(0, count);
        give(chunk, head, from, room);
        boolean[] finite = new boolean[count];
        workers.parallel(
            count,
            (task, worker) -> {
              LogitRow row = rows[worker];
              long at = row(chunk, task);
              int m = first + task;
              long normalizer = normalizers.address() + m * NORMALIZER;
              finite[task] = row.read(at, head.entries(), spec, normalizer);
              if (finite[task]) {
                row.writeGradient(at, chosen[m], spec.scale() * gradients[m]);
              }
            });
        requireFinite(op, "hidden", head.hidden(), from, chunk, finite);
        int to = from + count;
        headTerms.takeBack(
            dHidden.slice(from, to),
            dHead.tokens(from, to),
            head.part(from, to, 0, head.weight()),
            chunk,
            room.slice(0, count),
            headSums::add,
            false);
      }
    } finally {
      workspace.reset(mark);
    }
  }

  @Override
  public void fullKl(Tensor kl, HeadInput headP, HeadInput headQ, LogitSpec spec) {
    LossChecks.fullKl(kl, headP, headQ);
    int tokens = headP.tokens();
    int vocabulary = headP.entries();
    Arena.Mark mark = workspace.mark();
    try {
      Tensor logitsP = logits(tokens, 2, vocabulary);
      Tensor logitsQ = logits(tokens, 2, vocabulary);
      for (int from = 0; from < tokens; from += logitsP.size(0)) {
        int first = from;
        int count = Math.min(logitsP.size(0), tokens - from);
        Tensor chunkP = logitsP.slice(0, count);
        Tensor chunkQ = logitsQ.slice(0, count);
        give(chunkP, headP, from, chunkP);
        give(chunkQ, headQ, from, chunkQ);
        boolean[] finiteP = new boolean[count];
        boolean[] finiteQ = new boolean[count];
        workers.parallel(
            count,
            (task, worker) -> {
              LogitRow p = rows[worker];
              LogitRow q = others[worker];
              finiteP[task] = p.read(row(chunkP, task), vocabulary, spec);
              finiteQ[task] = q.read(row(chunkQ, task), vocabulary, spec);
              if (finiteP[task] && finiteQ[task]) {
                HostMemory.putFloat(kl.address() + (first + task) * FLOAT, p.divergence(q));
              }
            });
        requireFinite("fullKl", "hiddenP", headP.hidden(), from, chunkP, finiteP);
        requireFinite("fullKl", "hiddenQ", headQ.hidden(), from, chunkQ, finiteQ);
      }
    } finally {
      workspace.reset(mark);
    }
  }

  /** Logits of as many tokens as fit when {@code matrices} of them are needed. */
  private Tensor logits(int tokens, int matrices, int vocabulary) {
    long fit = workspaceBytes / (FLOAT * vocabulary * matrices);
    long chunk = Math.max(1, Math.min(fit, tokens));
    return Tensor.in(workspace, DType.F32, chunk, vocabulary);
  }

  /** Another such matrix, or itself if there need be no other. */
  private Tensor room(Tensor logits, int matrices) {
    return matrices == 1 ? logits : Tensor.in(workspace, DType.F32, logits.shape());
  }

  /** Writes what a head gives for tokens from one on, as many as there is room for. */
  private void give(Tensor chunk, HeadInput head, int from, Tensor room) {
    headTerms.give(
        chunk,
        head.part(from, from + chunk.size(0), 0, head.weight()),
        room.slice(0, chunk.size(0)));
  }

  private static long row(Tensor logits, int row) {
    return logits.address() + row * logits.dim(1) * FLOAT;
  }

  private static int[] targets(String op, Tensor targets, int vocabulary) {
    int[] chosen = new int[targets.size(0)];
    HostMemory.get(targets.address(), chosen, 0, chosen.length);
    for (int m = 0; m < chosen.length; m++) {
      if (chosen[m] < 0 || chosen[m] >= vocabulary) {
        throw LossFaults.target(op, vocabulary, chosen[m], m);
      }
    }
    return chosen;
  }

  /** Throws for the first row that is not finite, whichever worker came upon one first. */
  private static void requireFinite(
      String op, String name, Tensor hidden, int first, Tensor chunk, boolean[] finite) {
    for (int row = 0; row < finite.length; row++) {
      if (!finite[row]) {
        float[] logits = new float[chunk.size(1)];
        HostMemory.get(row(chunk, row), logits, 0, logits.length);
        throw LossFaults.logit(op, worst(logits), first + row, name, hidden);
      }
    }
  }

  /** The first value that is not finite, or the largest magnitude if it takes scaling to be so. */
  private static float worst(float[] logits) {
    float worst = 0;
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        return logit;
      }
      worst = Math.abs(logit) > Math.abs(worst) ? logit : worst;
    }
    return worst;
  }
}
