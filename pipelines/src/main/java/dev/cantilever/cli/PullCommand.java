package dev.cantilever.cli;

import dev.cantilever.console.ByteProgress;
import dev.cantilever.hubclient.HubEndpoint;
import dev.cantilever.hubclient.PullRepository;
import dev.cantilever.hubclient.PullSummary;
import dev.cantilever.hubclient.RepoId;
import java.io.IOException;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pull}: a model repository of the hub into a directory. */
final class PullCommand {

  @Parameters(paramLabel = "REPO", description = "owner/name of the repository")
  private String repo = "";

  @Option(
      names = "--revision",
      paramLabel = "R",
      description = "branch, tag or commit, else main",
      defaultValue = "main")
  private String revision = "main";

  private PullCommand() {}

  static Command command() {
    PullCommand command = new PullCommand();
    return Command.builder("pull EleutherAI/pythia-160m --out models/pythia", command::run)
        .arguments(command)
        .outRequired()
        .build();
  }

  private CommandResult run(CommandContext context) throws IOException, InterruptedException {
    HubEndpoint endpoint = HubEndpoint.of(System.getenv());
    PullRepository pull = PullRepository.open(endpoint, RepoId.parse(repo), revision);
    PullSummary summary;
    try (ByteProgress progress = new ByteProgress(context.console(), "pull", pull.bytes())) {
      summary = pull.run(context.out(), progress);
    }
    context
        .console()
        .line(
            "%s of %s: %d files, %d of them there before, %d of other formats left out",
            summary.commit(), repo, summary.files(), summary.kept(), summary.skipped());
    return CommandResult.done(
        new JsonResult()
            .put("revision", summary.commit())
            .put("files", summary.files())
            .put("kept", summary.kept())
            .put("skipped", summary.skipped())
            .put("bytes", summary.bytes())
            .put("out", context.out().toString()));
  }
}
