package dev.cantilever.backend.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void parallel_manyCalls_runsEachTaskOnceByAWorkerOfThePool(int count) {
    try (Workers workers = new Workers(count)) {
      for (int tasks = 0; tasks < 200; tasks++) {
        AtomicIntegerArray runs = new AtomicIntegerArray(200);
        workers.parallel(
            tasks,
            (task, worker) -> {
              assertThat(worker).isBetween(0, count - 1);
              runs.incrementAndGet(task);
            });
        for (int i = 0; i < 200; i++) {
          assertThat(runs.get(i)).isEqualTo(i < tasks ? 1 : 0);
        }
      }
    }
  }

  @Test
  void parallel_taskFails_throwsItAndThePoolLivesOn() {
    try (Workers workers = new Workers(2)) {
      assertThatThrownBy(
              () ->
                  workers.parallel(
                      50,
                      task -> {
                        if (task == 17) {
                          throw new IllegalArgumentException("task 17");
                        }
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("task 17");
      AtomicInteger runs = new AtomicInteger();
      workers.parallel(10, task -> runs.incrementAndGet());
      assertThat(runs).hasValue(10);
    }
  }

  @Test
  void parallel_fromWithinATask_isRefused() {
    try (Workers workers = new Workers(2)) {
      assertThatThrownBy(() -> workers.parallel(8, task -> workers.parallel(1, inner -> {})))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("within a task");
    }
  }

  @Test
  void parallel_callersOfSeveralThreads_takeTurns() throws InterruptedException {
    try (Workers workers = new Workers(3)) {
      AtomicInteger inside = new AtomicInteger();
      AtomicInteger sum = new AtomicInteger();
      Thread[] callers = new Thread[4];
      for (int i = 0; i < callers.length; i++) {
        callers[i] =
            new Thread(
                () -> {
                  for (int call = 0; call < 50; call++) {
                    workers.parallel(
                        6,
                        (task, worker) -> {
                          inside.incrementAndGet();
                          sum.incrementAndGet();
                          assertThat(inside.get()).isLessThanOrEqualTo(3);
                          inside.decrementAndGet();
                        });
                  }
                });
        callers[i].start();
      }
      for (Thread caller : callers) {
        caller.join();
      }
      assertThat(sum).hasValue(4 * 50 * 6);
    }
  }

  @Test
  void parallel_afterClose_isRefused() {
    Workers workers = new Workers(2);
    workers.close();
    assertThatThrownBy(() -> workers.parallel(1, task -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void count_belowOne_isRefused() {
    assertThatThrownBy(() -> new Workers(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
