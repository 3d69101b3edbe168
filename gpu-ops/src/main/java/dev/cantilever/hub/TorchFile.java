package dev.cantilever.hub;

import dev.cantilever.hub.torch.TorchArchive;
import dev.cantilever.hub.torch.TorchFormatException;
import dev.cantilever.hub.torch.TorchTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A {@code pytorch_model.bin}, or a shard of one, opened for reading: the zip container and its
 * pickle are checked whole before {@link #open} returns, and no code in it is ever run. Tensors
 * that are views with strides are read in row-major order.
 */
final class TorchFile extends TensorFile {

  private final FileBytes bytes;
  private final Map<String, TorchTensor> tensors;

  private TorchFile(FileBytes bytes, Map<String, TorchTensor> tensors) {
    super(bytes.path(), tensors.values().stream().map(TorchFile::entry).toList());
    this.bytes = bytes;
    this.tensors = tensors;
  }

  private static TensorEntry entry(TorchTensor tensor) {
    return new TensorEntry(
        tensor.name(),
        tensor.dtype(),
        tensor.shape(),
        tensor.position(),
        tensor.shape().bytes(tensor.dtype()));
  }

  /**
   * Opens a file and checks all of it but the weights.
   *
   * @throws CheckpointException if there is no such file, it is damaged, in the format of PyTorch
   *     before 1.6, or holds anything but tensors
   */
  static TorchFile open(Path path) throws IOException {
    FileBytes bytes = FileBytes.open(path, "a file of PyTorch weights");
    try {
      Map<String, TorchTensor> tensors = new LinkedHashMap<>();
      TorchArchive.tensors(bytes).forEach(tensor -> tensors.put(tensor.name(), tensor));
      return new TorchFile(bytes, tensors);
    } catch (TorchFormatException e) {
      bytes.close();
      throw new CheckpointException(path + ": " + e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      bytes.close();
      throw e;
    }
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  public List<List<String>> shared() {
    Map<Long, List<List<String>>> byPosition = new LinkedHashMap<>();
    for (TorchTensor tensor : tensors.values()) {
      List<List<String>> groups =
          byPosition.computeIfAbsent(tensor.position(), unused -> new ArrayList<>());
      groups.stream()
          .filter(group -> tensor(group.get(0)).sameAs(tensor))
          .findFirst()
          .orElseGet(
              () -> {
                List<String> group = new ArrayList<>();
                groups.add(group);
                return group;
              })
          .add(tensor.name());
    }
    return byPosition.values().stream()
        .flatMap(List::stream)
        .filter(group -> group.size() > 1)
        .toList();
  }

  private TorchTensor tensor(String name) {
    return Objects.requireNonNull(tensors.get(name));
  }

  @Override
  public void read(TensorEntry entry, long offset, ByteBuffer to) throws IOException {
    checkOwn(entry, offset, to.remaining());
    tensor(entry.name()).read(bytes, offset / entry.dtype().bytes(), to);
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
