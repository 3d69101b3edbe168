package dev.cantilever.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.recipe.UsageException;
import java.util.List;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.junit.jupiter.api.Test;

class RunnerArgumentsTest {

  private static int threads(String... typed) {
    return new RunnerArguments(List.of(typed))
        .onDevice()
        .as(DirectOptions.class)
        .getTargetParallelism();
  }

  @Test
  void onDevice_directRunner_hasOneThreadUnlessSaidOtherwise() {
    assertThat(threads()).isEqualTo(1);
    assertThat(threads("--runner=DirectRunner")).isEqualTo(1);
    assertThat(threads("--targetParallelism=5")).isEqualTo(5);
  }

  @Test
  void spreading_directRunner_hasItsOwnDefault() {
    DirectOptions options = new RunnerArguments(List.of()).spreading().as(DirectOptions.class);
    assertThat(options.getTargetParallelism()).isGreaterThan(1);
  }

  @Test
  void onDevice_anotherRunner_isLeftAlone() {
    FlinkPipelineOptions options =
        new RunnerArguments(List.of("--runner=FlinkRunner", "--parallelism=3"))
            .onDevice()
            .as(FlinkPipelineOptions.class);
    assertThat(options.getParallelism()).isEqualTo(3);
    assertThat(options.getRunner().getSimpleName()).isEqualTo("FlinkRunner");
  }

  @Test
  void unknownOption_isRefusedNamingIt() {
    RunnerArguments wrong = new RunnerArguments(List.of("--noSuchOption=1"));
    assertThatThrownBy(wrong::spreading)
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("noSuchOption");
  }
}
