package dev.cantilever.hub;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;

/** The reference folders in the test resources, wherever the class path has them. */
public final class Fixtures {

  private Fixtures() {}

  /** A file or folder below {@code fixtures}. */
  public static Path path(String name) {
    URL url = Fixtures.class.getResource("/fixtures/" + name);
    if (url == null) {
      throw new IllegalArgumentException("no fixture " + name);
    }
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
