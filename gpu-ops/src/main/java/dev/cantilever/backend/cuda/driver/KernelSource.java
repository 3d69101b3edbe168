package dev.cantilever.backend.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One CUDA C++ file, compiled as a whole under given definitions.
 *
 * @param owner class beside whose own code the file lies as a resource
 * @param file its name, for example {@code "norm.cu"}
 * @param definitions preprocessor definitions as {@code NAME=VALUE}, in order
 * @param hopper whether it uses instructions that compute capability 9.0 alone has
 */
public record KernelSource(Class<?> owner, String file, List<String> definitions, boolean hopper) {

  private static final Pattern INCLUDE = Pattern.compile("(?m)^#include \"(.+)\"$");

  /** Copies the definitions. */
  public KernelSource {
    definitions = List.copyOf(definitions);
  }

  /** A file without definitions. */
  public static KernelSource of(Class<?> owner, String file) {
    return of(owner, file, List.of());
  }

  /** A file for every architecture. */
  public static KernelSource of(Class<?> owner, String file, List<String> definitions) {
    return new KernelSource(owner, file, definitions, false);
  }

  /** A file for compute capability 9.0 alone. */
  public static KernelSource hopper(Class<?> owner, String file, List<String> definitions) {
    return new KernelSource(owner, file, definitions, true);
  }

  /** What it is compiled for on a device, for example {@code "sm_90"}, or {@code "sm_90a"}. */
  String target(ComputeCapability device) {
    return hopper ? device.target() + "a" : device.target();
  }

  /** The file's text. */
  public String text() {
    return read(file);
  }

  /** The files that this one includes, and those that these do, in order. */
  List<String> headers() {
    return includedBy(text()).distinct().toList();
  }

  private Stream<String> includedBy(String text) {
    return INCLUDE
        .matcher(text)
        .results()
        .map(include -> include.group(1))
        .flatMap(name -> Stream.concat(Stream.of(name), includedBy(included(name))));
  }

  /** The text of a file that this one includes; it lies beside it. */
  String included(String name) {
    return read(name);
  }

  private String read(String name) {
    try (InputStream stream = owner.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalStateException(
            "Expected the kernel source %s beside %s in the class path, found none. Build again."
                .formatted(name, owner.getName()));
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return definitions.isEmpty() ? file : file + definitions;
  }
}
