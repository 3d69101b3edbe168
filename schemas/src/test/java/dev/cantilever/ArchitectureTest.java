package dev.cantilever;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.cantilever.row.SchemaException;

/** The edges between the packages of this module: row, then codec, then beam; manifest apart. */
@AnalyzeClasses(packages = "dev.cantilever", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule rowKnowsNothingOfOurs =
      classes()
          .that()
          .resideInAPackage("dev.cantilever.row..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("dev.cantilever.row..", "java..", "org.jspecify..");

  @ArchTest
  static final ArchRule codecKnowsOnlyRow =
      noClasses()
          .that()
          .resideInAPackage("dev.cantilever.codec..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.cantilever.beam..", "dev.cantilever.manifest..", "org.apache.beam..");

  @ArchTest
  static final ArchRule beamKnowsNoManifest =
      noClasses()
          .that()
          .resideInAPackage("dev.cantilever.beam..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.cantilever.manifest..", "org.apache.parquet..");

  @ArchTest
  static final ArchRule manifestKnowsOnlyTheParentException =
      noClasses()
          .that()
          .resideInAPackage("dev.cantilever.manifest..")
          .should()
          .dependOnClassesThat(
              DescribedPredicate.describe(
                  "are ours, outside manifest, and not SchemaException",
                  type ->
                      type.getPackageName().startsWith("dev.cantilever.")
                          && !type.getPackageName().equals("dev.cantilever.manifest")
                          && !type.isEquivalentTo(SchemaException.class)));

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("dev.cantilever.(*)..").should().beFreeOfCycles();
}
