package dev.loupe.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.GeneralCodingRules;
import dev.loupe.model.HookedTransformer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the house together: which module may know which. */
class ModuleArrowsTest {
  /** From the ground up: a module may know those before it; the report and the demo are peers. */
  private static final List<List<String>> LAYERS =
      List.of(
          List.of("tensor"),
          List.of("model"),
          List.of("lens"),
          List.of("circuit"),
          List.of("task"),
          List.of("study"),
          List.of("report", "demo"),
          List.of("explorer"),
          List.of("cli"));

  private static JavaClasses all = new ClassFileImporter().importClasses();

  @BeforeAll
  static void read() {
    ImportOption noTestJars = location -> !location.contains("-tests.jar");
    all =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(noTestJars)
            .importPackages("dev.loupe");
  }

  static Stream<String> modules() {
    return LAYERS.stream().flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("modules")
  void theModuleIsRead(String module) {
    // Rules about classes that were not found would hold for nothing.
    assertThat(all.stream().filter(resideInAPackage(in(module)))).isNotEmpty();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void aModuleKnowsOnlyThoseBelow(String module) {
    var below = LAYERS.stream().takeWhile(layer -> !layer.contains(module)).flatMap(List::stream);
    var allowed = Stream.concat(below, Stream.of(module)).map(ModuleArrowsTest::in);
    classes()
        .that()
        .resideInAPackage(in(module))
        .should()
        .onlyDependOnClassesThat(
            not(resideInAPackage("dev.loupe.."))
                .or(resideInAnyPackage(allowed.toArray(String[]::new))))
        .check(all);
  }

  @Test
  void everyPackageIsInAModuleThatTheListKnows() {
    classes()
        .should()
        .resideInAnyPackage(modules().map(ModuleArrowsTest::in).toArray(String[]::new))
        .check(all);
  }

  @Test
  void packagesMakeNoCircle() {
    slices().matching("dev.loupe.(**)").should().beFreeOfCycles().check(all);
  }

  @Test
  void onlyTensorsKnowTheNativeLibraries() {
    noClasses()
        .that()
        .resideOutsideOfPackage(in("tensor"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .check(all);
  }

  @Test
  void pagesRunNothing() {
    noClasses()
        .that()
        .resideInAPackage(in("report"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(in("tensor"))
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(HookedTransformer.class)
        .check(all);
  }

  @Test
  void onlyTheModelAndTheCommandLineKnowTheHub() {
    noClasses()
        .that()
        .resideOutsideOfPackages(in("model"), in("cli"))
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.loupe.model.hub..")
        .check(all);
  }

  @Test
  void onlyTheExplorerKnowsTheWebServer() {
    noClasses()
        .that()
        .resideOutsideOfPackage(in("explorer"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.javalin..", "org.eclipse.jetty..", "jakarta.servlet..")
        .check(all);
  }

  @Test
  void onlyTheCommandLineEndsTheProcess() {
    noClasses()
        .that(not(type(Main.class)))
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .check(all);
  }

  @Test
  void librariesDoNotPrint() {
    for (var module :
        Arrays.asList(
            "tensor", "model", "lens", "circuit", "task", "study", "report", "explorer")) {
      noClasses()
          .that()
          .resideInAPackage(in(module))
          .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
          .allowEmptyShould(true)
          .check(all);
    }
  }

  @Test
  void nobodyLogsByTheLoggerOfTheJdk() {
    GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(all);
  }

  private static String in(String module) {
    return "dev.loupe." + module + "..";
  }
}
