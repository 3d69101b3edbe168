package dev.cantilever.hubclient;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/** A revision of a repository of models becomes a directory. */
public final class PullRepository {

  private static final int AT_ONCE = 4;
  private static final int MOST_SECONDS_TO_STOP = 60;

  private final HubHttp http;
  private final RepoId repo;
  private final RepoListing listing;
  private final List<HubFile> files;

  private PullRepository(HubHttp http, RepoId repo, RepoListing listing) {
    this.http = http;
    this.repo = repo;
    this.listing = listing;
    this.files = FileSelection.of(listing.files());
  }

  /**
   * Asks the hub what there is; nothing is fetched yet.
   *
   * @param revision branch, tag or commit
   * @throws HubRequestException if there is no such repository or revision, or no access to it
   * @throws HubException if the hub cannot be reached or sends something else
   */
  public static PullRepository open(HubEndpoint endpoint, RepoId repo, String revision)
      throws IOException, InterruptedException {
    return open(new HubHttp(endpoint, Backoff.usual()), repo, revision);
  }

  static PullRepository open(HubHttp http, RepoId repo, String revision)
      throws IOException, InterruptedException {
    return new PullRepository(http, repo, RepoListing.read(http, repo, revision));
  }

  /** Bytes of the files that will be there. */
  public long bytes() {
    return files.stream().mapToLong(HubFile::size).sum();
  }

  /**
   * Fetches the files that the directory lacks, a few at once. Run again after a failure it goes
   * on.
   *
   * @param progress told how many more bytes are there; called by several threads
   * @throws HubException if the hub cannot be reached, or a file is not what was announced
   */
  public PullSummary run(Path out, LongConsumer progress) throws IOException, InterruptedException {
    PullDirectory directory = new PullDirectory(out);
    directory.requireInside(files);
    if (files.isEmpty()) {
      throw new HubRequestException(
          repo + ": expected files of a model, found none; check the repository's page");
    }
    directory.create();
    int fetched = fetched(directory, progress);
    directory.finish();
    return new PullSummary(
        listing.commit(),
        files.size(),
        files.size() - fetched,
        listing.files().size() - files.size(),
        bytes());
  }

  private int fetched(PullDirectory directory, LongConsumer progress)
      throws IOException, InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      CompletionService<Boolean> downloads = new ExecutorCompletionService<>(threads);
      for (HubFile file : files) {
        FileDownload download =
            new FileDownload(
                http,
                http.endpoint().atPath(file.path(), segments()),
                file,
                directory,
                progress,
                threads::isShutdown);
        downloads.submit(download::run);
      }
      int fetched = 0;
      for (int i = 0; i < files.size(); i++) {
        fetched += downloads.take().get() ? 1 : 0;
      }
      return fetched;
    } catch (ExecutionException e) {
      throw cause(e);
    } finally {
      threads.shutdownNow(); // the rest, after one has failed
      threads.awaitTermination(MOST_SECONDS_TO_STOP, TimeUnit.SECONDS); // nothing is written later
    }
  }

  private String[] segments() {
    List<String> segments = new ArrayList<>(List.of(repo.segments()));
    segments.addAll(List.of("resolve", listing.commit()));
    return segments.toArray(String[]::new);
  }

  /**
   * A failed download, told of its own class, with this thread's trace as where it was waited for.
   */
  private static IOException cause(ExecutionException e) {
    if (e.getCause() instanceof IOException io) {
      return io;
    }
    if (e.getCause() instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    return new IOException("a download failed", e.getCause());
  }
}
