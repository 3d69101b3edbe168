package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.DeviceException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceLockTest {

  private static final String CARD = "0123456789abcdef0123456789abcdef";

  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("cantilever-gpu-" + CARD + ".lock");
  }

  private Process holder() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            LockHolder.class.getName(),
            folder.toString(),
            CARD)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  @Test
  void take_freeCard_writesThisProcessForAllUsers() throws IOException {
    try (DeviceLock lock = DeviceLock.take(folder, CARD)) {
      assertThat(Files.getPosixFilePermissions(file())).hasSize(6);
      lock.close();
      assertThat(file()).hasContent(Long.toString(ProcessHandle.current().pid()));
    }
    DeviceLock.take(folder, CARD).close();
  }

  @Test
  void take_fileThatMerelyExists_provesNothing() throws IOException {
    Files.writeString(file(), "4711 and more than a process id would need, to be overwritten");

    DeviceLock.take(folder, CARD).close();

    assertThat(file()).hasContent(Long.toString(ProcessHandle.current().pid()));
  }

  @Test
  void take_twiceInOneProcess_isRefusedAndTheFirstStaysLocked()
      throws IOException, InterruptedException {
    try (DeviceLock lock = DeviceLock.take(folder, CARD)) {
      assertThatThrownBy(() -> DeviceLock.take(folder, CARD))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("found it opened by this process already")
          .hasMessageContaining(file().toString())
          .hasMessageContaining("Close that backend first");
      Process other = holder();
      try (BufferedReader said = other.inputReader()) {
        assertThat(said.readLine())
            .contains("process " + ProcessHandle.current().pid() + " holds " + file());
      }
      assertThat(other.waitFor()).isZero();
      lock.close();
    }
  }

  @Test
  void take_heldByAnotherProcess_isRefusedUntilThatIsKilled()
      throws IOException, InterruptedException {
    Process other = holder();
    try (BufferedReader said = other.inputReader()) {
      assertThat(said.readLine()).isEqualTo(LockHolder.TAKEN);

      assertThatThrownBy(() -> DeviceLock.take(folder, CARD))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("Expected the card " + CARD + " to be free")
          .hasMessageContaining("process " + other.pid() + " holds " + file())
          .hasMessageContaining("CUDA_VISIBLE_DEVICES");
    } finally {
      other.destroyForcibly().waitFor();
    }
    DeviceLock.take(folder, CARD).close();
  }

  @Test
  void take_anotherCard_isAnotherLock() {
    try (DeviceLock one = DeviceLock.take(folder, CARD);
        DeviceLock two = DeviceLock.take(folder, CARD.replace('0', '1'))) {
      assertThat(one).isNotSameAs(two);
    }
  }

  @Test
  void take_folderThatIsNotThere_saysWhichSettingToChange() {
    Path absent = folder.resolve("absent");

    for (int attempt = 0; attempt < 2; attempt++) { // the first leaves nothing held
      assertThatThrownBy(() -> DeviceLock.take(absent, CARD))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining(absent.toString())
          .hasMessageContaining("-D" + DeviceLock.PROPERTY);
    }
  }
}
