package dev.cantilever.hubclient;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Which files of a repository a model directory here needs. */
final class FileSelection {

  /* Weights of other programs, copies of the same in folders of their own, and what training left. */
  private static final Pattern NEVER =
      Pattern.compile(
          ".*\\.(h5|msgpack|onnx|onnx_data|ot|tflite|gguf|ggml|mlmodel|mlpackage|pb|pt|pth|ckpt|nemo"
              + "|llamafile|pkl|pickle|mar)"
              + "|(.*/)?(onnx|openvino|coreml|tf|flax|original|runs|\\.git|\\.cache)/.*"
              + "|(.*/)?(\\.gitattributes|\\.gitignore|training_args\\.bin|optimizer\\.bin"
              + "|scheduler\\.bin|openvino_.*|tf_model.*|flax_model.*|rust_model.*)",
          Pattern.DOTALL);

  private static final Pattern CONSOLIDATED =
      Pattern.compile("consolidated[^/]*\\.safetensors(\\.index\\.json)?", Pattern.DOTALL);
  private static final Pattern BIN = Pattern.compile("(?s).*\\.bin(\\.index\\.json)?");

  private FileSelection() {}

  /**
   * The files to fetch. Of weights in two forms the safetensors are taken: {@code .bin} files only
   * where their folder has none.
   */
  static List<HubFile> of(List<HubFile> all) {
    List<HubFile> wanted = new ArrayList<>();
    boolean sharded =
        all.stream().anyMatch(file -> file.path().matches("model[^/]*\\.safetensors"));
    for (HubFile file : all) {
      String path = file.path().toLowerCase(Locale.ROOT);
      boolean twice =
          sharded && CONSOLIDATED.matcher(path).matches()
              || BIN.matcher(path).matches() && hasSafetensors(all, folder(file.path()));
      if (!NEVER.matcher(path).matches() && !twice) {
        wanted.add(file);
      }
    }
    return wanted;
  }

  private static boolean hasSafetensors(List<HubFile> all, String folder) {
    return all.stream()
        .anyMatch(f -> folder(f.path()).equals(folder) && f.path().endsWith(".safetensors"));
  }

  private static String folder(String path) {
    return path.substring(0, path.lastIndexOf('/') + 1);
  }
}
