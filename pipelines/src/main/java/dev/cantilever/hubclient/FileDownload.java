package dev.cantilever.hubclient;

import dev.cantilever.hubclient.HubHttp.Answer;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Brings one file: goes on where it was cut off, checks it, and only then gives it its name. */
final class FileDownload {

  private static final Pattern RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\\*)");
  private static final int BUFFER_BYTES = 1 << 16;

  private final HubHttp http;
  private final URI address;
  private final HubFile file;
  private final PullDirectory directory;
  private final LongConsumer progress;
  private final BooleanSupplier stopped;
  private long counted;

  /**
   * @param progress told how many more bytes are there
   * @param stopped whether nobody waits for it any more
   */
  FileDownload(
      HubHttp http,
      URI address,
      HubFile file,
      PullDirectory directory,
      LongConsumer progress,
      BooleanSupplier stopped) {
    this.http = http;
    this.address = address;
    this.file = file;
    this.directory = directory;
    this.progress = progress;
    this.stopped = stopped;
  }

  /**
   * Does it.
   *
   * @return whether anything had to be fetched; not where the file was there already
   */
  boolean run() throws IOException, InterruptedException {
    Path target = directory.targetInFolder(file);
    if (isComplete(target)) {
      count(file.size());
      return false;
    }
    Path part = directory.part(file);
    fetchAll(part);
    String found = file.hash().of(part);
    if (!found.equals(file.hash().hex())) {
      Files.delete(part);
      throw new HubException(
          file.path()
              + ": expected "
              + file.hash().algorithm()
              + " "
              + file.hash().hex()
              + ", found "
              + found
              + "; what came was thrown away, run it again");
    }
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return true;
  }

  private boolean isComplete(Path target) throws IOException {
    return Files.isRegularFile(target)
        && Files.size(target) == file.size()
        && file.hash().matches(target);
  }

  /** Until the part has its size; attempts count from the last one that brought something. */
  private void fetchAll(Path part) throws IOException, InterruptedException {
    int failures = 0;
    while (true) {
      requireWanted();
      long have = Files.exists(part) ? Files.size(part) : -1;
      if (have == file.size()) {
        count(have);
        return;
      }
      if (have > file.size()) {
        Files.delete(part);
        have = -1;
      }
      try {
        fetch(part, Math.max(0, have));
        failures = 0;
      } catch (IOException e) {
        long now = Files.exists(part) ? Files.size(part) : -1;
        failures = now > have ? 1 : failures + 1;
        if (failures >= http.backoff().attempts()) {
          throw http.unreachable(e);
        }
        http.backoff().sleep(failures, HubHttp.retryAfter(e));
      }
    }
  }

  private void fetch(Path part, long have) throws IOException, InterruptedException {
    Answer answer = http.get(address, have > 0 ? Map.of("Range", "bytes=" + have + "-") : Map.of());
    try (InputStream body = answer.last().body()) {
      requireSame(answer);
      long from =
          answer.last().statusCode() == 206 ? have : 0; // 200: all of it, from the beginning
      OptionalLong announced = answer.last().headers().firstValueAsLong("Content-Length");
      if (announced.isPresent() && announced.getAsLong() != file.size() - from) {
        throw wrongSize(from + announced.getAsLong());
      }
      try (OutputStream to =
          Files.newOutputStream(
              part,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              from > 0 ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING)) {
        copy(body, to, from);
      }
    }
  }

  private void copy(InputStream body, OutputStream to, long from)
      throws IOException, InterruptedException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long at = from;
    for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
      requireWanted();
      at += n;
      if (at > file.size()) {
        throw wrongSize(at);
      }
      to.write(buffer, 0, n);
      count(at);
    }
    if (at < file.size()) {
      throw new EOFException(file.path() + " ends after " + at + " of " + file.size() + " bytes");
    }
  }

  private void requireWanted() throws InterruptedException {
    if (stopped.getAsBoolean()) {
      throw new InterruptedException(file.path() + " is not waited for any more");
    }
  }

  /** What the hub says of the file now must be what its list said. */
  private void requireSame(Answer answer) throws IOException {
    OptionalLong size = answer.hub().firstValueAsLong("X-Linked-Size");
    if (size.isPresent() && size.getAsLong() != file.size()) {
      throw wrongSize(size.getAsLong());
    }
    String etag =
        answer
            .hub()
            .firstValue("X-Linked-Etag")
            .map(text -> text.replaceFirst("^W/", "").replace("\"", ""))
            .orElse("");
    if (file.sha256().isPresent() && !etag.isEmpty() && !etag.equals(file.sha256().get())) {
      throw new HubException(
          file.path()
              + ": expected the content "
              + file.sha256().get()
              + ", found "
              + etag.replaceAll("[^\\x20-\\x7e]", "?")
              + " announced; run it again, the repository may have changed");
    }
    if (answer.last().statusCode() == 206) {
      requireRange(answer);
    }
  }

  private void requireRange(Answer answer) throws IOException {
    String range = answer.last().headers().firstValue("Content-Range").orElse("");
    Matcher parts = RANGE.matcher(range);
    long have = Files.exists(directory.part(file)) ? Files.size(directory.part(file)) : 0;
    if (!parts.matches()
        || Long.parseLong(parts.group(1)) != have
        || !parts.group(2).equals("*") && Long.parseLong(parts.group(2)) != file.size()) {
      throw new HubException(
          file.path()
              + ": expected the bytes from "
              + have
              + " of "
              + file.size()
              + ", found the range '"
              + range
              + "'; run it again");
    }
  }

  private HubException wrongSize(long found) {
    return new HubException(
        file.path()
            + ": expected "
            + file.size()
            + " bytes, found "
            + found
            + "; run it again, the repository may have changed");
  }

  /** Bytes that come a second time, after a server began anew, are not counted again. */
  private void count(long at) {
    if (at > counted) {
      progress.accept(at - counted);
      counted = at;
    }
  }
}
