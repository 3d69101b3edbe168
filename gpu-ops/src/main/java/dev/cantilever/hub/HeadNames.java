package dev.cantilever.hub;

/**
 * The two names of GPT-NeoX's output layer: checkpoints and transformers before 5 have {@code
 * embed_out}, the modules of transformers 5, and so the adapters that peft trains there, {@code
 * lm_head}. Adapters are read under both names and written under the later one.
 */
public final class HeadNames {

  private static final String EARLIER = "embed_out";
  private static final String LATER = "lm_head";

  private HeadNames() {}

  /** A module's path, or a tensor's name, with the later name in place of the earlier one. */
  public static String later(String path) {
    return renamed(path, EARLIER, LATER);
  }

  /** The same with the earlier name in place of the later one. */
  public static String earlier(String path) {
    return renamed(path, LATER, EARLIER);
  }

  private static String renamed(String path, String from, String to) {
    return ("." + path + ".").contains("." + from + ".")
        ? path.replaceFirst("(^|\\.)" + from + "(?=\\.|$)", "$1" + to)
        : path;
  }
}
