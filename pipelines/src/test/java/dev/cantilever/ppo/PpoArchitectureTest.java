package dev.cantilever.ppo;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.cantilever.ppo",
    importOptions = ImportOption.DoNotIncludeTests.class)
class PpoArchitectureTest {

  @ArchTest
  static final ArchRule algorithm_knowsOnlyTheJdk =
      noClasses()
          .that()
          .resideInAPackage("dev.cantilever.ppo")
          .should()
          .dependOnClassesThat()
          .resideOutsideOfPackages("dev.cantilever.ppo", "java..", "org.jspecify..");

  @ArchTest
  static final ArchRule parity_neverSeesBeam =
      noClasses().should().dependOnClassesThat().resideInAPackage("org.apache.beam..");
}
