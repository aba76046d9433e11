package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import io.heed.catalog.Catalog;
import io.heed.catalog.GoldenResult;
import io.heed.catalog.GoldenSuite;
import io.heed.cli.output.Home;

/** {@code heed verify}: holds the built systems to their authors' numbers. */
@Command(name = "verify", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description =
        {"Runs golden cases: modules of the official implementations with weights, inputs, outputs and gradients.",
            "Prints a line a case: PASS, FAIL or MISSING, system/case, the largest error, the tolerance.",
            "Exit status 1 unless all pass."},
        footer = {"", "Example:", "  heed verify golden/aaren golden/sigmoid-attention/attention.safetensors"})
final class VerifyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "PATH",
            description = "Golden files, or folders that are searched for them.")
    private List<Path> paths;

    @Override
    public Integer call() throws IOException {
        List<Path> files = GoldenSuite.files(paths);
        VectorModule.load();
        PrintWriter out = spec.commandLine().getOut();
        Catalog catalog = Catalog.load();
        GoldenStatus status = GoldenStatus.in(Home.folder());
        int passed = 0;
        for (Path file : files) {
            GoldenResult result = GoldenSuite.run(catalog, file);
            out.println(result.line());
            out.flush();
            status.put(result);
            passed += result.outcome() == GoldenResult.Outcome.PASS ? 1 : 0;
        }
        status.save();
        return passed == files.size() ? 0 : 1;
    }
}
