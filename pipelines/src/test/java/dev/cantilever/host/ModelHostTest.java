package dev.cantilever.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import dev.cantilever.tensor.Int8Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelHostTest {

  private static final DeviceSpec CPU =
      new DeviceSpec(BackendKind.CPU, 1L << 30, Int8Mode.WEIGHT_ONLY);

  private static final long WAIT_MILLIS = 100;
  private static final long NANOS_PER_MILLI = 1_000_000;

  @TempDir static Path folder;
  private static ModelRef language;
  private static ModelRef classifier;

  @BeforeAll
  static void extract() throws IOException {
    language = ModelRef.of(EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, folder));
    classifier = ModelRef.of(EmbeddedSamples.extract(EmbeddedSample.CLASSIFIER, folder));
  }

  @AfterEach
  void unload() {
    ModelHost.unload();
  }

  @Test
  void model_secondLease_isTheOneOfTheFirst() throws Exception {
    Hosted<LanguageModel> first;
    try (ModelLease lease = ModelHost.lease(CPU, "first")) {
      first = lease.model(language);
    }
    try (ModelLease lease = ModelHost.lease(CPU, "second")) {
      assertThat(lease.model(language)).isSameAs(first);
      assertThat(lease.classifier(classifier).model().labels())
          .containsExactly("NEGATIVE", "POSITIVE");
    }
  }

  @Test
  void lease_returned_saysHowLongItWasHeld_withoutTheWaitForIt() throws Exception {
    AtomicLong held = new AtomicLong(-1);
    CountDownLatch taken = new CountDownLatch(1);
    CountDownLatch asking = new CountDownLatch(1);
    Thread waiting = Thread.currentThread();
    Thread before =
        new Thread(
            () -> {
              try (ModelLease lease = ModelHost.lease(CPU, "before")) {
                lease.backend();
                taken.countDown();
                asking.await();
                while (waiting.getState() != Thread.State.WAITING) {
                  Thread.sleep(1);
                }
                Thread.sleep(WAIT_MILLIS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    before.start();
    taken.await();
    long asked = System.nanoTime();
    asking.countDown();
    try (ModelLease lease = ModelHost.lease(CPU, "counted", held::set)) {
      lease.backend();
      assertThat(held).hasValue(-1);
    }
    long passed = System.nanoTime() - asked;
    before.join();
    assertThat(held.get()).isNotNegative();
    assertThat(passed - held.get()).isGreaterThanOrEqualTo(WAIT_MILLIS * NANOS_PER_MILLI);
  }

  @Test
  void model_ofAnotherDirectory_takesThePlaceOfTheFormer() throws Exception {
    ModelRef copy = new ModelRef(language.directory(), "another digest");
    try (ModelLease lease = ModelHost.lease(CPU, "swap")) {
      lease.model(language);
      long one = lease.backend().budget().liveBytes();
      Hosted<LanguageModel> other = lease.model(copy);
      assertThat(other.source()).isEqualTo(copy);
      assertThat(lease.backend().budget().liveBytes()).isEqualTo(one);
    }
  }

  @Test
  void lease_onAThreadThatHoldsOne_isRefusedNamingBoth() throws Exception {
    try (ModelLease lease = ModelHost.lease(CPU, "generate rollouts")) {
      assertThat(lease.backend().device()).isNotBlank();
      assertThatThrownBy(() -> ModelHost.lease(CPU, "score rollouts"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'generate rollouts'")
          .hasMessageContaining("'score rollouts'");
    }
  }

  @Test
  void lease_whileAnotherThreadHoldsOne_waitsForIt() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    AtomicReference<Backend> second = new AtomicReference<>();
    Thread waiting;
    Backend first;
    try (ModelLease lease = ModelHost.lease(CPU, "first")) {
      first = lease.backend();
      waiting =
          new Thread(
              () -> {
                asked.countDown();
                try (ModelLease mine = ModelHost.lease(CPU, "second")) {
                  second.set(mine.backend());
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      waiting.start();
      asked.await();
      assertThat(second.get()).isNull();
    }
    waiting.join();
    assertThat(second.get()).isSameAs(first);
  }

  @Test
  void lease_usedAfterItsEnd_isRefused() throws Exception {
    ModelLease lease = ModelHost.lease(CPU, "short");
    lease.close();
    assertThatThrownBy(lease::backend)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'short'")
        .hasMessageContaining("closed");
  }

  @Test
  void model_ofADirectoryWithoutOne_leavesTheDeviceEmptyAndFree() throws Exception {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    ModelRef missing = new ModelRef(empty.toString(), "none");
    try (ModelLease lease = ModelHost.lease(CPU, "broken")) {
      long before = lease.backend().budget().liveBytes();
      assertThatThrownBy(() -> lease.classifier(missing)).hasMessageContaining("tokenizer.json");
      Files.copy(language.path().resolve("tokenizer.json"), empty.resolve("tokenizer.json"));
      assertThatThrownBy(() -> lease.model(missing)).isInstanceOf(CheckpointException.class);
      assertThat(lease.backend().budget().liveBytes()).isEqualTo(before);
    }
    try (ModelLease lease = ModelHost.lease(CPU, "next")) {
      assertThat(lease.model(language).model().vocabSize()).isEqualTo(8192);
    }
  }
}
