package dev.cantilever.finetune;

import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.CommitManifest;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.prepare.PreparedData;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;

/** The path of a manifest to those of its shards of tokens, all files checked against it. */
final class TokenShardsFn extends DoFn<String, String> {

  private static final long serialVersionUID = 1L;

  @ProcessElement
  public void process(@Element String manifestPath, OutputReceiver<String> shards)
      throws IOException {
    CommitDirectory directory = CommitDirectory.ofManifest(Path.of(manifestPath));
    CommitManifest manifest = directory.readVerified();
    List<FileEntry> tokens =
        manifest.files().stream()
            .filter(file -> file.name().startsWith(PreparedData.TOKENS))
            .toList();
    if (tokens.stream().mapToLong(FileEntry::rows).sum() == 0) {
      throw new DatasetException(
          manifestPath,
          "files " + PreparedData.TOKENS + "*.parquet with rows in them",
          tokens.size() + " such files, without a row",
          "Give the data of the command prepare, and prepare more text");
    }
    tokens.forEach(file -> shards.output(directory.resolve(file).toString()));
  }
}
