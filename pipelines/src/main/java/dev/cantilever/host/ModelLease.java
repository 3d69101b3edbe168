package dev.cantilever.host;

import dev.cantilever.backend.Backend;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.SequenceClassifier;
import java.io.IOException;
import java.util.List;

/**
 * A device for as long as it is open, used and closed by the thread that took it. What it hands out
 * is valid until then.
 */
public final class ModelLease implements AutoCloseable {

  private final LoadedDevice device;
  private final String stage;
  private final Thread owner = Thread.currentThread();
  private final Runnable giveBack;
  private boolean closed;

  ModelLease(LoadedDevice device, String stage, Runnable giveBack) {
    this.device = device;
    this.stage = stage;
    this.giveBack = giveBack;
  }

  /** The device; arenas opened in its budget are closed before the lease. */
  public Backend backend() {
    requireOpen();
    return device.backend();
  }

  /**
   * The base model of a directory, loaded now unless it is there.
   *
   * @throws dev.cantilever.hub.CheckpointException if the directory holds no such model
   * @throws dev.cantilever.memory.BudgetExceededException if it does not fit
   * @throws IOException if a file cannot be read
   */
  public Hosted<LanguageModel> model(ModelRef source) throws IOException {
    requireOpen();
    return device.model(source);
  }

  /**
   * The classifier of a directory, loaded now unless it is there; throws as {@link #model} does.
   */
  public Hosted<SequenceClassifier> classifier(ModelRef source) throws IOException {
    requireOpen();
    return device.classifier(source);
  }

  /**
   * Puts frozen adapters on a model of this lease; the caller closes them before the lease.
   *
   * @throws dev.cantilever.hub.CheckpointException if an adapter does not belong to the model
   */
  public AttachedAdapters attach(Hosted<LanguageModel> model, List<AdapterRef> adapters)
      throws IOException {
    return attach(model, adapters, 0);
  }

  /**
   * As above, into one piece of memory.
   *
   * @param bytes of all of them as planned, or 0 where nothing is
   */
  public AttachedAdapters attach(Hosted<LanguageModel> model, List<AdapterRef> adapters, long bytes)
      throws IOException {
    requireOpen();
    return AttachedAdapters.load(device.backend(), model.model(), adapters, bytes);
  }

  private void requireOpen() {
    if (closed || Thread.currentThread() != owner) {
      throw new IllegalStateException(
          "Expected the lease of '"
              + stage
              + "' open and used by the thread that took it, found it "
              + (closed ? "closed" : "on thread " + Thread.currentThread().getName())
              + "; take a lease where the work is done.");
    }
  }

  /** Lets the next stage have the device; models stay loaded. */
  @Override
  public void close() {
    if (!closed) {
      requireOpen();
      closed = true;
      giveBack.run();
    }
  }
}
