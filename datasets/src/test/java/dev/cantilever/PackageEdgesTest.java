package dev.cantilever;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.cantilever.draw.Philox;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The module's rooms and which of them may know which. */
class PackageEdgesTest {

  private static final Map<String, List<String>> MAY_IMPORT =
      Map.of(
          "draw", List.of(),
          "text", List.of("draw"),
          "tokenizer", List.of("text"),
          "chat", List.of("text", "chat.jinja", "chat.python"),
          "chat.jinja", List.of("chat.python"),
          "chat.python", List.of(),
          "prompt", List.of("text", "draw"),
          "batch", List.of("text"),
          "sample", List.of("text"));

  private static final JavaClasses MODULE =
      new ClassFileImporter()
          .importUrl(Philox.class.getProtectionDomain().getCodeSource().getLocation());

  @Test
  void packages_importsOfOurOwn_onlyThoseOfTheTable() {
    MAY_IMPORT.forEach(
        (room, others) -> {
          String[] allowed =
              Stream.concat(Stream.of(room), others.stream())
                  .map(PackageEdgesTest::packageOf)
                  .toArray(String[]::new);
          classes()
              .that()
              .resideInAPackage(packageOf(room))
              .should()
              .onlyDependOnClassesThat(
                  not(resideInAnyPackage("dev.cantilever..")).or(resideInAnyPackage(allowed)))
              .check(MODULE);
        });
  }

  @Test
  void packages_all_areInTheTable() {
    assertThat(MODULE.stream().map(JavaClass::getPackageName).distinct())
        .containsExactlyInAnyOrderElementsOf(
            MAY_IMPORT.keySet().stream().map(PackageEdgesTest::packageOf).toList());
  }

  @Test
  void module_beam_isUnknown() {
    noClasses().should().dependOnClassesThat().resideInAPackage("org.apache.beam..").check(MODULE);
  }

  @Test
  void nativeTokenizer_outsideItsPackage_isUnknown() {
    assertIsUnknownOutside("tokenizer", "ai.djl..");
  }

  @Test
  void jinjava_outsideItsPackage_isUnknown() {
    assertIsUnknownOutside("chat.jinja", "com.hubspot..", "jinjava..");
  }

  private static void assertIsUnknownOutside(String room, String... libraries) {
    noClasses()
        .that()
        .resideOutsideOfPackage(packageOf(room))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(libraries)
        .check(MODULE);
  }

  private static String packageOf(String room) {
    return "dev.cantilever." + room;
  }
}
