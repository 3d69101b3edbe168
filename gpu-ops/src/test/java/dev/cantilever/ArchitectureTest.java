package dev.cantilever;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.cantilever.backend.Backends;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;

/** Which rooms of this module may import which. A new room is a new row. */
@AnalyzeClasses(packages = "dev.cantilever", importOptions = ArchitectureTest.ThisModule.class)
class ArchitectureTest {
  private static final String BASE = "dev.cantilever.";

  /* Room, and the rooms that it may import. All of them know the exceptions' parent at the top. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.ofEntries(
          Map.entry("memory", Set.of()),
          Map.entry("tensor", Set.of("memory")),
          Map.entry("backend", Set.of("tensor", "memory")),
          Map.entry("backend.onednn", Set.of("backend", "tensor", "memory")),
          Map.entry("backend.meta", Set.of("backend", "tensor", "memory")),
          Map.entry("backend.cuda", Set.of("backend.cuda.driver", "backend", "tensor", "memory")),
          Map.entry("backend.cuda.driver", Set.of("backend", "tensor", "memory")),
          Map.entry("autograd", Set.of("backend", "tensor", "memory")),
          Map.entry("nn", Set.of("autograd", "backend", "tensor", "memory")),
          Map.entry("hub.torch", Set.of("tensor")),
          Map.entry("hub", Set.of("hub.torch", "tensor", "memory")),
          Map.entry("adapter", Set.of("nn", "hub", "autograd", "backend", "tensor", "memory")),
          Map.entry(
              "model", Set.of("adapter", "nn", "hub", "autograd", "backend", "tensor", "memory")),
          Map.entry("optim", Set.of("autograd", "hub", "backend", "tensor", "memory")),
          Map.entry(
              "rehearsal",
              Set.of(
                  "model",
                  "optim",
                  "adapter",
                  "nn",
                  "hub",
                  "autograd",
                  "backend",
                  "tensor",
                  "memory")));

  /* The rooms of devices, which only the factory of backends may name. */
  private static final Set<String> DEVICES =
      Set.of("backend.onednn", "backend.meta", "backend.cuda", "backend.cuda.driver");

  static final class ThisModule implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return location.contains("/gpu-ops/target/classes/");
    }
  }

  @ArchTest
  static final ArchRule ROOMS_IMPORT_WHAT_THE_TABLE_ALLOWS =
      classes().should(importOnlyAllowedRooms());

  @ArchTest
  static void everyRow_isARoomWithItsPage(JavaClasses module) {
    Set<String> rooms =
        module.stream()
            .map(ArchitectureTest::room)
            .flatMap(Optional::stream)
            .collect(Collectors.toSet());
    assertThat(rooms).isEqualTo(ALLOWED.keySet());
    for (String room : rooms) {
      assertThat(module.getPackage(BASE + room).isAnnotatedWith(NullMarked.class))
          .as("package-info of " + room)
          .isTrue();
    }
  }

  @ArchTest
  static final ArchRule THE_TOP_HOLDS_ONLY_THE_PARENT_OF_EXCEPTIONS =
      classes()
          .that()
          .resideInAPackage("dev.cantilever")
          .and()
          .doNotHaveSimpleName("package-info")
          .should()
          .haveFullyQualifiedName(OpsException.class.getName());

  @ArchTest
  static final ArchRule NATIVE_TYPES_STAY_WHERE_MEMORY_IS =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              BASE + "memory",
              BASE + "backend.onednn",
              BASE + "backend.cuda",
              BASE + "backend.cuda.driver")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.bytedeco..");

  @ArchTest
  static final ArchRule NUMBERS_KNOW_NEITHER_PIPELINES_NOR_THEIR_FORMATS =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.beam..",
              "org.apache.flink..",
              "org.apache.arrow..",
              "org.apache.parquet..");

  @ArchTest
  static final ArchRule NO_CLASS_IS_NAMED_FOR_BEING_MISCELLANEOUS =
      noClasses().should().haveNameMatching(".*(Utils?|Helper|Manager|Common|Impl)");

  private static ArchCondition<JavaClass> importOnlyAllowedRooms() {
    return new ArchCondition<>("import only the rooms that the table allows") {
      @Override
      public void check(JavaClass item, ConditionEvents events) {
        Optional<String> room = room(item);
        for (Dependency dependency : item.getDirectDependenciesFromSelf()) {
          JavaClass target = dependency.getTargetClass();
          Optional<String> other = room(target);
          if (other.isPresent() && !other.equals(room) && !mayImport(item, room, other.get())) {
            events.add(SimpleConditionEvent.violated(item, dependency.getDescription()));
          }
        }
      }
    };
  }

  private static boolean mayImport(JavaClass item, Optional<String> room, String other) {
    return DEVICES.contains(other)
        ? item.isEquivalentTo(Backends.class)
            || room.filter(DEVICES::contains).map(ALLOWED::get).orElse(Set.of()).contains(other)
        : room.map(ALLOWED::get).filter(allowed -> allowed.contains(other)).isPresent();
  }

  /** The name below the base package, if the class is in a room of ours. */
  private static Optional<String> room(JavaClass type) {
    String name = type.getPackageName();
    return name.startsWith(BASE) ? Optional.of(name.substring(BASE.length())) : Optional.empty();
  }
}
