package dev.cantilever.backend.cuda.driver;

import dev.cantilever.backend.DeviceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Machine code on disk, so that kernels are compiled once a machine.
 *
 * <p>A file's name is the SHA-256 of what it was compiled from: source, included text, options,
 * architecture. The file holds the SHA-256 of the machine code and then the code; a file that does
 * not agree with itself is refused, never loaded.
 */
public final class CubinCache {

  /** System property that names the folder. */
  public static final String PROPERTY = "cantilever.cubin.cache";

  private static final int DIGEST_BYTES = 32;

  private final Path directory;

  /** A cache in a folder, which is made when first needed. */
  public CubinCache(Path directory) {
    this.directory = directory;
  }

  /** The folder of the system property, or {@code cantilever/cubins} in the user's cache folder. */
  public static CubinCache standard() {
    String chosen = System.getProperty(PROPERTY, "");
    if (!chosen.isEmpty()) {
      return new CubinCache(Path.of(chosen));
    }
    String home = System.getenv("XDG_CACHE_HOME");
    Path caches =
        home == null || home.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(home);
    return new CubinCache(caches.resolve("cantilever").resolve("cubins"));
  }

  /**
   * The machine code of a source, compiled if it is not here.
   *
   * @param compiler asked for only if something must be compiled
   * @throws DeviceException if a file was changed, or the folder cannot be used
   */
  public byte[] get(
      KernelSource source, ComputeCapability target, Supplier<KernelCompiler> compiler) {
    Path file = directory.resolve(key(source, target) + ".cubin");
    try {
      Optional<byte[]> found = read(file);
      if (found.isPresent()) {
        return found.get();
      }
      byte[] cubin = compiler.get().compile(source, target).cubin();
      write(file, cubin);
      return cubin;
    } catch (IOException e) {
      throw new DeviceException(
          "Expected to keep compiled kernels in %s, but: %s. Set -D%s to a folder that can be written."
              .formatted(directory, e, PROPERTY));
    }
  }

  private static Optional<byte[]> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    byte[] content = Files.readAllBytes(file);
    if (content.length > DIGEST_BYTES) {
      byte[] cubin = Arrays.copyOfRange(content, DIGEST_BYTES, content.length);
      if (MessageDigest.isEqual(sha256().digest(cubin), Arrays.copyOf(content, DIGEST_BYTES))) {
        return Optional.of(cubin);
      }
    }
    throw new DeviceException(
        "Expected the compiled kernel %s as it was written, found %d bytes that do not agree with their digest. Delete the file and run again."
            .formatted(file, content.length));
  }

  private void write(Path file, byte[] cubin) throws IOException {
    Files.createDirectories(directory);
    Path staged = Files.createTempFile(directory, "compiling", ".part");
    try {
      byte[] content = Arrays.copyOf(sha256().digest(cubin), DIGEST_BYTES + cubin.length);
      System.arraycopy(cubin, 0, content, DIGEST_BYTES, cubin.length);
      Files.write(staged, content);
      Files.move(staged, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(staged);
    }
  }

  private static String key(KernelSource source, ComputeCapability target) {
    MessageDigest digest = sha256();
    digest.update(source.text().getBytes(StandardCharsets.UTF_8));
    for (String header : source.headers()) {
      digest.update(source.included(header).getBytes(StandardCharsets.UTF_8));
    }
    for (String option : KernelCompiler.options(source, target)) {
      digest.update((byte) 0);
      digest.update(option.getBytes(StandardCharsets.UTF_8));
    }
    digest.update((byte) KernelCompiler.CUDA_MAJOR);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("SHA-256 is part of every JDK", e);
    }
  }
}
