package dev.cantilever.backend.onednn;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A fixed pool of threads that runs numbered tasks.
 *
 * <p>The calling thread is worker 0 and works too; the others are daemon threads. Which worker runs
 * which task is left to chance, so a task must write only what belongs to its number: then results
 * cannot depend on the number of workers. Calls from several threads take turns.
 */
final class Workers implements AutoCloseable {
  /*
   * Not a ForkJoinPool: an op of 50 us must not pay for queues and futures, each worker needs a
   * stable number for its scratch, and a library beside us must not be able to fill our threads.
   * Idle threads spin for some 50 us before they park, because the next op of a training step
   * usually comes within that time and waking a parked thread costs about as much.
   */
  private static final int SPINS = 2_000;

  /** One numbered piece of work, told which worker runs it. */
  @FunctionalInterface
  interface Task {
    /**
     * Runs one task.
     *
     * @param task number of the task, from 0
     * @param worker number of the worker, from 0 and below {@link Workers#count()}
     */
    void run(int task, int worker);
  }

  private static final class Job {
    final Task task;
    final int tasks;
    final AtomicInteger next = new AtomicInteger();
    final AtomicInteger active = new AtomicInteger();
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Job(Task task, int tasks) {
      this.task = task;
      this.tasks = tasks;
    }

    void work(int worker) {
      active.incrementAndGet(); // before the first task is taken: see isDone
      try {
        for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
          task.run(i, worker);
        }
      } catch (Throwable failed) {
        failure.compareAndSet(null, failed);
        next.set(tasks);
      } finally {
        active.decrementAndGet();
      }
    }

    /** Order matters: once no task is left, a worker that comes late finds none to run. */
    boolean isDone() {
      return next.get() >= tasks && active.get() == 0;
    }
  }

  private final ReentrantLock turn = new ReentrantLock();
  private final Thread[] threads;
  private volatile @Nullable Job current;
  private volatile boolean closed;

  /**
   * Starts a pool.
   *
   * @param count workers, the calling thread included; at least 1
   */
  Workers(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "Workers: expected a count of at least 1, found " + count + "; pass 1 for one thread");
    }
    threads = new Thread[count - 1];
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      threads[i] = new Thread(() -> serve(worker), "cantilever-worker-" + worker);
      threads[i].setDaemon(true);
      threads[i].start();
    }
  }

  /** A pool with one worker for each processor that the JVM may use. */
  static Workers ofMachine() {
    return new Workers(Runtime.getRuntime().availableProcessors());
  }

  /** Workers, the calling thread included. */
  int count() {
    return threads.length + 1;
  }

  /** As {@link #parallel(int, Task)}, for tasks that need no scratch of their own. */
  void parallel(int tasks, IntConsumer task) {
    parallel(tasks, (i, worker) -> task.accept(i));
  }

  /**
   * Runs tasks 0 to {@code tasks - 1} and returns when all have ended. The first exception of a
   * task stops the handing out of tasks and is thrown here.
   *
   * @throws IllegalStateException from within a task of this pool, or after {@link #close()}
   */
  void parallel(int tasks, Task task) {
    if (turn.isHeldByCurrentThread() || isOwn(Thread.currentThread())) {
      throw new IllegalStateException(
          "Workers: expected a call from outside the pool, found one from within a task; "
              + "let the task do its work itself");
    }
    turn.lock();
    try {
      if (closed) {
        throw new IllegalStateException(
            "Workers: expected an open pool, found it closed; close the backend last");
      }
      run(tasks, task);
    } finally {
      turn.unlock();
    }
  }

  private void run(int tasks, Task task) {
    if (tasks <= 1 || threads.length == 0) {
      for (int i = 0; i < tasks; i++) {
        task.run(i, 0);
      }
      return;
    }
    Job job = new Job(task, tasks);
    current = job;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
    job.work(0);
    for (int spins = 0; !job.isDone(); spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    current = null;
    Throwable failed = job.failure.get();
    if (failed instanceof RuntimeException exception) {
      throw exception;
    }
    if (failed instanceof Error error) {
      throw error;
    }
  }

  private void serve(int worker) {
    Job last = null;
    int spins = 0;
    while (!closed) {
      Job job = current;
      if (job != null && job != last) {
        last = job;
        job.work(worker);
        spins = 0;
      } else if (spins < SPINS) {
        spins++;
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
      }
    }
  }

  private boolean isOwn(Thread thread) {
    for (Thread own : threads) {
      if (own == thread) {
        return true;
      }
    }
    return false;
  }

  /** Ends the threads once the current call, if any, has returned. */
  @Override
  public void close() {
    turn.lock();
    try {
      closed = true;
      for (Thread thread : threads) {
        LockSupport.unpark(thread);
      }
    } finally {
      turn.unlock();
    }
  }
}
