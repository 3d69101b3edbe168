package dev.cantilever.backend.cuda;

import dev.cantilever.backend.DeviceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Keeps a second process off a card: the operating system's exclusive lock on a file of the card's
 * identity. The system drops it when the process ends, however it ends; the file stays and proves
 * nothing. The holder writes its process id into it for the message that the next one gets.
 *
 * <p>Files lie in {@code /tmp}, which all processes of a machine have in common, unlike {@code
 * java.io.tmpdir}; {@link #PROPERTY} names another folder. Containers that do not share the folder
 * do not see each other's locks.
 */
final class DeviceLock implements AutoCloseable {

  /** System property that names the folder of the files. */
  static final String PROPERTY = "cantilever.lock.dir";

  /*
   * Cards held by this process, as system properties, so that all class loaders see them: closing
   * any channel on a locked file drops the process's lock, so a second one must never be opened.
   */
  private static final String HELD = "cantilever.lock.held.";

  private static final String FOLDER = "/tmp";
  private static final int LONGEST_PID = 32;

  private final String held;
  private final FileChannel channel;

  private DeviceLock(String held, FileChannel channel) {
    this.held = held;
    this.channel = channel;
  }

  /**
   * Takes the lock of a card; the caller closes it.
   *
   * @param identity of the card, part of the file's name
   * @throws DeviceException if another process, or this one, holds it, or the file cannot be used
   */
  static DeviceLock take(String identity) {
    return take(Path.of(System.getProperty(PROPERTY, FOLDER)), identity);
  }

  static DeviceLock take(Path folder, String identity) {
    Path file = folder.resolve("cantilever-gpu-" + identity + ".lock");
    String held = HELD + identity;
    if (System.getProperties().putIfAbsent(held, file.toString()) != null) {
      throw new DeviceException(
          "Expected the card %s to be free, found it opened by this process already (%s). Close that backend first: a process opens a card once."
              .formatted(identity, file));
    }
    boolean taken = false;
    try {
      FileChannel channel = lock(file, identity);
      taken = true;
      return new DeviceLock(held, channel);
    } catch (IOException e) {
      throw new DeviceException(
          "Expected to lock the card %s by the file %s, but: %s. Make the file readable and writable for all who use the card, or set -D%s to a folder that they share."
              .formatted(identity, file, e, PROPERTY));
    } finally {
      if (!taken) {
        System.clearProperty(held);
      }
    }
  }

  private static FileChannel lock(Path file, String identity) throws IOException {
    FileChannel channel = open(file);
    try {
      if (channel.tryLock() == null) {
        throw new DeviceException(
            "Expected the card %s to be free, found that process %s holds %s. Wait until that has ended, or choose another card by CUDA_VISIBLE_DEVICES."
                .formatted(identity, holder(channel), file));
      }
      channel.truncate(0);
      String pid = Long.toString(ProcessHandle.current().pid());
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Opens the file, made for all users where there is none. */
  private static FileChannel open(Path file) throws IOException {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      try {
        Files.createFile(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
      } catch (FileAlreadyExistsException e) {
        // Somebody else made it just now, which is as good.
      }
    }
    return FileChannel.open(
        file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST_PID);
    channel.read(bytes, 0);
    String pid = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII).strip();
    return pid.isEmpty() ? "(id not yet written)" : pid;
  }

  /** Gives the card back; a second call does nothing. */
  @Override
  public void close() {
    if (!channel.isOpen()) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      throw new DeviceException(
          "Expected to give the lock %s back, but: %s. It ends with this process."
              .formatted(System.getProperty(held), e));
    } finally {
      System.clearProperty(held);
    }
  }
}
