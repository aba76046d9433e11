package io.heed.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import io.heed.bench.Bench;
import io.heed.bench.BenchCase;
import io.heed.bench.BenchResult;

/** {@code heed bench}: the kernels against libtorch. */
@Command(name = "bench", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description =
        {"Times Heed's kernels against libtorch in one process: outputs compared first, runs interleaved, medians.",
            "Prints the ratio (libtorch's time over Heed's) and the least that it should be.",
            "Exit status 1 when a ratio is below its floor. Stop other programs first."})
final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--only", paramLabel = "TEXT", description = "Only measurements whose name or shape contains TEXT.")
    private String only;

    @Option(names = "--list", description = "List the measurements and run none.")
    private boolean list;

    @Option(names = "--json", description = "Print one JSON object a measurement.")
    private boolean json;

    @Override
    public Integer call() {
        VectorModule.load();
        PrintWriter out = spec.commandLine().getOut();
        List<BenchCase> cases = only == null ? Bench.cases() : Bench.matching(only);
        if (cases.isEmpty()) {
            throw new IllegalArgumentException("no measurement contains '" + only
                    + "': 'heed bench --list' lists them");
        }
        if (list) {
            cases.forEach(one -> out.println(one.bench() + "  " + one.shape()));
            out.flush();
            return 0;
        }
        if (!json) {
            out.println(String.format(Locale.ROOT, "fused multiply-add peak of this machine: %.0f GFLOP/s",
                    Bench.peakGigaflops()));
            out.flush();
        }
        List<BenchResult> low = new ArrayList<>();
        Bench.run(cases, result -> {
            out.println(json ? result.json() : result.line());
            out.flush();
            if (!result.holds()) {
                low.add(result);
            }
        }, (skipped, reason) -> spec.commandLine().getErr().println("skip " + skipped.bench() + " " + skipped.shape()
                + ": " + reason));
        return low.isEmpty() ? 0 : 1;
    }
}
