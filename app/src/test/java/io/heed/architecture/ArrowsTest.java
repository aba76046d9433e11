package io.heed.architecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

/** Arrows go one way: app, then families, then core, then kernels. */
class ArrowsTest {
    private static final String[] KERNELS = {"io.heed.kernels.."};
    private static final String[] CORE = {"io.heed.tensor..", "io.heed.nn..", "io.heed.train..", "io.heed.data..",
        "io.heed.catalog.."};
    private static final String[] FAMILIES = {"io.heed.sequence..", "io.heed.vision..", "io.heed.graph..",
        "io.heed.inference..", "io.heed.insight.."};
    private static final String[] APP = {"io.heed.cli..", "io.heed.bench.."};

    private static JavaClasses house;

    @BeforeAll
    static void read() {
        house = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.heed");
    }

    @Test
    void arrowsGoOneWay() {
        layeredArchitecture().consideringOnlyDependenciesInLayers()
                .layer("app").definedBy(APP)
                .layer("families").definedBy(FAMILIES)
                .layer("core").definedBy(CORE)
                .layer("kernels").definedBy(KERNELS)
                .whereLayer("app").mayNotBeAccessedByAnyLayer()
                .whereLayer("families").mayOnlyBeAccessedByLayers("app")
                .whereLayer("core").mayOnlyBeAccessedByLayers("app", "families")
                .check(house);
    }

    /** Vision and graphs may use sequence mixers; running and looking into models may use models; nothing else. */
    @Test
    void familiesUseOnlyTheFamiliesBelowThem() {
        noClasses().that().resideInAPackage("io.heed.sequence..").should().dependOnClassesThat().resideInAnyPackage(
                "io.heed.vision..", "io.heed.graph..", "io.heed.inference..", "io.heed.insight..").check(house);
        noClasses().that().resideInAPackage("io.heed.vision..").should().dependOnClassesThat().resideInAnyPackage(
                "io.heed.graph..", "io.heed.inference..", "io.heed.insight..").check(house);
        noClasses().that().resideInAPackage("io.heed.graph..").should().dependOnClassesThat().resideInAnyPackage(
                "io.heed.vision..", "io.heed.inference..", "io.heed.insight..").check(house);
        noClasses().that().resideInAPackage("io.heed.inference..").should().dependOnClassesThat().resideInAnyPackage(
                "io.heed.graph..", "io.heed.insight..").check(house);
    }

    @Test
    void everyClassHasItsPlace() {
        String[] places = new String[KERNELS.length + CORE.length + FAMILIES.length + APP.length];
        int n = 0;
        for (String[] layer : new String[][] {KERNELS, CORE, FAMILIES, APP}) {
            for (String place : layer) {
                places[n++] = place;
            }
        }
        classes().should().resideInAnyPackage(places).check(house);
    }

    @Test
    void kernelsArePlainJava() {
        noClasses().that().resideInAnyPackage(KERNELS).should()
                .dependOnClassesThat().resideOutsideOfPackages("io.heed.kernels..", "java..", "jdk.incubator.vector..")
                .check(house);
    }

    @Test
    void theCataloguesOfFamiliesDoNotLeadToTheCommand() {
        noClasses().that().resideInAnyPackage("io.heed.sequence..", "io.heed.tensor..", "io.heed.train..")
                .should().dependOnClassesThat().resideInAnyPackage("picocli..").check(house);
    }

    @Test
    void packagesOfTheCommandHaveNoCycles() {
        slices().matching("io.heed.(cli..)").should().beFreeOfCycles().check(house);
    }
}
