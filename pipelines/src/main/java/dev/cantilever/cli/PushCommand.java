package dev.cantilever.cli;

import dev.cantilever.console.ByteProgress;
import dev.cantilever.hubclient.HubEndpoint;
import dev.cantilever.hubclient.PushDirectory;
import dev.cantilever.hubclient.PushSummary;
import dev.cantilever.hubclient.RepoId;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code push}: the directory of an adapter or a model as a commit of a repository of the hub. */
final class PushCommand {

  @Parameters(index = "0", paramLabel = "DIR", description = "an adapter or a model")
  private Path directory = Path.of("");

  @Parameters(index = "1", paramLabel = "REPO", description = "owner/name of the repository")
  private String repo = "";

  @Option(
      names = "--revision",
      paramLabel = "BRANCH",
      description = "branch to commit to, else main",
      defaultValue = "main")
  private String revision = "main";

  @Option(names = "--create", description = "make the repository if it is not there")
  private boolean create;

  @Option(names = "--private", description = "with --create: only its owner sees it")
  private boolean isPrivate;

  @Option(
      names = "--message",
      paramLabel = "TEXT",
      description = "first line of the commit's message",
      defaultValue = "Upload with cantilever")
  private String message = "Upload with cantilever";

  private PushCommand() {}

  static Command command() {
    PushCommand command = new PushCommand();
    return Command.builder("push runs/reviews/adapter me/reviews-adapter --create", command::run)
        .arguments(command)
        .build();
  }

  private CommandResult run(CommandContext context) throws IOException, InterruptedException {
    HubEndpoint endpoint = HubEndpoint.of(System.getenv());
    PushDirectory push = PushDirectory.open(endpoint, RepoId.parse(repo), directory);
    if (create) {
      push.create(isPrivate);
    }
    PushSummary summary;
    try (ByteProgress progress = new ByteProgress(context.console(), "push", push.bytes())) {
      summary = push.run(revision, message, progress);
    }
    context.console().line("%s: %d files", summary.url(), summary.files());
    return CommandResult.done(
        new JsonResult()
            .put("commit", summary.commit())
            .put("url", summary.url())
            .put("files", summary.files())
            .put("bytes", summary.bytes())
            .put("uploaded", summary.uploaded()));
  }
}
