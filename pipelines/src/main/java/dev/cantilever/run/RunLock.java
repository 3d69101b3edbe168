package dev.cantilever.run;

import dev.cantilever.recipe.UsageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The operating system's exclusive lock on a file. The system drops it when the process ends,
 * however it ends; the file stays and proves nothing. The holder writes its process id into the
 * file for the message that the next one gets.
 */
final class RunLock implements AutoCloseable {
  private static final int LONGEST_PID = 32;

  private final FileChannel channel;

  private RunLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock, or says who has it.
   *
   * @throws UsageException if another process, or this one, holds it
   */
  static RunLock take(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (tryLock(channel) == null) {
        throw new UsageException(
            "expected to be the only writer of the run "
                + file.toAbsolutePath().getParent()
                + ", but process "
                + holder(channel)
                + " is writing it; wait until that has ended, or give another --out");
      }
      channel.truncate(0);
      String pid = Long.toString(ProcessHandle.current().pid());
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
      return new RunLock(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) { // another channel of this JVM has it
      return null;
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST_PID);
    channel.read(bytes, 0);
    String pid = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII).strip();
    return pid.isEmpty() ? "(id not yet written)" : pid;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
