package dev.cantilever;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which rooms of this module may import which of ours. A new room is a new row. */
@AnalyzeClasses(packages = "dev.cantilever", importOptions = ArchitectureTest.ThisModule.class)
class ArchitectureTest {
  private static final String BASE = "dev.cantilever.";
  private static final String ANY = "*";

  /* Room, and the first names below dev.cantilever that it may import, of any module. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.ofEntries(
          Map.entry("recipe", Set.of()),
          Map.entry("console", Set.of()),
          Map.entry("hubclient", Set.of()),
          Map.entry("run", Set.of("recipe", "manifest", "backend", "tensor")),
          Map.entry("generate", Set.of("recipe", "run", "host", "tokenizer", "model", "backend")),
          Map.entry(
              "host",
              Set.of(
                  "recipe",
                  "run",
                  "manifest",
                  "tokenizer",
                  "model",
                  "adapter",
                  "autograd",
                  "backend",
                  "hub",
                  "memory",
                  "tensor")),
          Map.entry(
              "finetune",
              Set.of(
                  "prepare",
                  "recipe",
                  "run",
                  "host",
                  "row",
                  "beam",
                  "codec",
                  "manifest",
                  "text",
                  "draw",
                  "model",
                  "adapter",
                  "autograd",
                  "optim",
                  "backend",
                  "hub",
                  "memory",
                  "tensor")),
          Map.entry(
              "rollout",
              Set.of(
                  "host",
                  "row",
                  "beam",
                  "codec",
                  "manifest",
                  "prompt",
                  "draw",
                  "tokenizer",
                  "model",
                  "rehearsal",
                  "backend")),
          Map.entry(
              "reward",
              Set.of("host", "row", "beam", "codec", "tokenizer", "model", "backend", "hub")),
          Map.entry(
              "update",
              Set.of(
                  "commit",
                  "host",
                  "ppo",
                  "rollout",
                  "row",
                  "codec",
                  "manifest",
                  "rehearsal",
                  "model",
                  "adapter",
                  "autograd",
                  "optim",
                  "backend",
                  "hub",
                  "memory",
                  "tensor")),
          Map.entry(
              "loop",
              Set.of(
                  "host",
                  "run",
                  "ppo",
                  "rollout",
                  "reward",
                  "commit",
                  "update",
                  "row",
                  "codec",
                  "manifest",
                  "prompt",
                  "rehearsal",
                  "hub")),
          Map.entry(
              "evaluate",
              Set.of(
                  "rollout", "reward", "commit", "update", "row", "manifest", "rehearsal", "host")),
          Map.entry(
              "prepare",
              Set.of(
                  "chat",
                  "recipe",
                  "row",
                  "codec",
                  "manifest",
                  "text",
                  "tokenizer",
                  "batch",
                  "draw",
                  "sample",
                  "hub")),
          Map.entry(
              "train",
              Set.of(
                  "adapter",
                  "finetune",
                  "generate",
                  "merge",
                  "recipe",
                  "run",
                  "prepare",
                  "evaluate",
                  "host",
                  "hub",
                  "loop",
                  "model",
                  "ppo",
                  "rehearsal",
                  "reward",
                  "rollout",
                  "row",
                  "sample",
                  "tokenizer",
                  "update")),
          Map.entry("commit", Set.of("row", "beam", "codec", "manifest")),
          Map.entry("ppo", Set.of()),
          Map.entry("merge", Set.of("recipe", "adapter", "hub", "manifest")),
          Map.entry(
              "parity",
              Set.of(
                  "ppo",
                  "host",
                  "hub",
                  "tensor",
                  "model",
                  "adapter",
                  "autograd",
                  "backend",
                  "memory")),
          Map.entry(
              "bench",
              Set.of(
                  "ppo",
                  "update",
                  "rehearsal",
                  "model",
                  "host",
                  "hub",
                  "backend",
                  "memory",
                  "tensor")),
          Map.entry("cli", Set.of(ANY)));

  /* Rooms that are plain Java: no Beam, no runner. */
  private static final String[] PLAIN = {
    BASE + "recipe..",
    BASE + "console..",
    BASE + "hubclient..",
    BASE + "run..",
    BASE + "ppo..",
    BASE + "bench.."
  };

  static final class ThisModule implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return location.contains("/pipelines/target/classes/");
    }
  }

  @ArchTest
  static final ArchRule ROOMS_IMPORT_WHAT_THE_TABLE_ALLOWS =
      classes().should(importOnlyAllowedRooms());

  @ArchTest
  static final ArchRule PLAIN_ROOMS_KNOW_NO_BEAM =
      noClasses()
          .that()
          .resideInAnyPackage(PLAIN)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.beam..", "org.apache.flink..");

  @ArchTest
  static final ArchRule NO_CLASS_IS_NAMED_FOR_BEING_MISCELLANEOUS =
      noClasses().should().haveNameMatching(".*(Utils?|Helper|Manager|Common|Impl)");

  @ArchTest
  static final ArchRule ONLY_THE_COMMAND_LINE_ENDS_THE_JVM =
      noClasses()
          .that(
              DescribedPredicate.describe(
                  "are not the command line", c -> !c.getPackageName().equals(BASE + "cli")))
          .should()
          .callMethod(System.class, "exit", int.class);

  private static ArchCondition<JavaClass> importOnlyAllowedRooms() {
    return new ArchCondition<>("import only the rooms that the table allows") {
      @Override
      public void check(JavaClass item, ConditionEvents events) {
        Optional<String> room = room(item);
        Set<String> allowed = room.map(ALLOWED::get).orElse(null);
        if (allowed == null) {
          events.add(
              SimpleConditionEvent.violated(
                  item, item.getName() + " is in a room without a row; add one to the table"));
          return;
        }
        for (Dependency dependency : item.getDirectDependenciesFromSelf()) {
          Optional<String> target = room(dependency.getTargetClass());
          boolean fine =
              target.isEmpty()
                  || target.equals(room)
                  || allowed.contains(ANY)
                  || allowed.contains(target.get());
          if (!fine) {
            events.add(SimpleConditionEvent.violated(item, dependency.getDescription()));
          }
        }
      }
    };
  }

  /** The first name below the base package, if the class is one of ours. */
  private static Optional<String> room(JavaClass type) {
    String name = type.getPackageName();
    return name.startsWith(BASE)
        ? Optional.of(name.substring(BASE.length()).split("\\.", 2)[0])
        : Optional.empty();
  }
}
