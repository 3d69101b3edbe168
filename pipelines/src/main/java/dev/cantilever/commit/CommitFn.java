package dev.cantilever.commit;

import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.CommitManifest;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.manifest.ManifestException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** All files of a step to its manifest; emits the manifest's path. */
final class CommitFn extends DoFn<KV<Integer, Iterable<KV<String, Integer>>>, String> {

  private static final long serialVersionUID = 1L;
  private static final String KIND = "rollouts";

  private final CommitSpec spec;

  CommitFn(CommitSpec spec) {
    this.spec = spec;
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, Iterable<KV<String, Integer>>> files, OutputReceiver<String> manifests)
      throws IOException {
    Path folder = Path.of(spec.directory());
    List<FileEntry> entries = new ArrayList<>();
    for (KV<String, Integer> file : files.getValue()) {
      entries.add(FileEntry.of(folder.resolve(file.getKey()), file.getValue()));
    }
    // The manifest sorts its files. Its time is the rows' logical one, and so not repeated here.
    CommitManifest manifest =
        new CommitManifest(KIND, spec.run(), spec.step(), 0, entries, spec.facts());
    if (manifest.rows() != spec.rows()) {
      throw new ManifestException(
          folder
              + ": expected "
              + spec.rows()
              + " rollouts to commit, found "
              + manifest.rows()
              + " in "
              + entries.size()
              + " files. A batch was lost on its way; run the step again.");
    }
    manifests.output(CommitDirectory.at(folder).commit(manifest).toString());
  }
}
