package io.heed.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import io.heed.cli.data.KnownSet;
import io.heed.cli.output.TextTable;
import io.heed.data.DataFolders;

/** {@code heed data}: the data sets. */
@Command(name = "data", mixinStandardHelpOptions = true, versionProvider = Version.class,
        subcommands = DataCommand.ListCommand.class, synopsisSubcommandLabel = "list",
        description = "Tells which data sets Heed reads, which of them are here, and how to get the rest.")
final class DataCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code heed data list}. */
    @Command(name = "list", mixinStandardHelpOptions = true, versionProvider = Version.class,
            description = {"Lists the data sets: where each was found, or how to get it. Downloads nothing.",
                "A set is a folder of its name in one of the places, which are printed in the order of trying."})
    static final class ListCommand implements Callable<Integer> {
        @Spec
        private CommandSpec spec;

        @Option(names = "--data", paramLabel = "DIR", description = "A folder that holds data sets, tried first.")
        private Path data;

        @Option(names = "--json", description = "Print one JSON object a set.")
        private boolean json;

        @Override
        public Integer call() {
            DataFolders folders = DataFolders.of(data);
            Map<String, Path> others = new LinkedHashMap<>(folders.found());
            PrintWriter out = spec.commandLine().getOut();
            TextTable table = new TextTable(
                    List.of("set", "kind", "what it holds", "where it is, or how to get it")).leftAligned();
            for (KnownSet set : KnownSet.ALL) {
                Path found = others.remove(set.name());
                boolean here = found != null || set.kind() == KnownSet.Kind.BUILT_IN;
                if (json) {
                    out.println(line(set, here, found));
                } else {
                    table.row(List.of(set.name(), set.kind().title(), set.about(), here
                            ? found == null ? "always here" : found.toString() : "missing: " + set.get()));
                }
            }
            if (!json) {
                out.print(table);
                out.println();
                out.println("places, in order: " + folders.places().stream().map(Path::toString)
                        .collect(Collectors.joining(", ")));
                out.println("add one with --data or " + DataFolders.VARIABLE
                        + "; what a set's folder holds, gzipped or not:");
                for (KnownSet.Kind kind : KnownSet.Kind.values()) {
                    if (!kind.layout().isEmpty()) {
                        out.println("  " + kind.title() + ": " + kind.layout());
                    }
                }
                if (!others.isEmpty()) {
                    out.println("other folders there: " + String.join(", ", others.keySet()));
                }
            }
            out.flush();
            return 0;
        }

        private static String line(KnownSet set, boolean here, Path found) {
            ObjectNode line = JsonNodeFactory.instance.objectNode().put("set", set.name())
                    .put("kind", set.kind().title()).put("about", set.about()).put("found", here);
            line.put("folder", found == null ? null : found.toString());
            line.put("get", here ? "" : set.get());
            return line.toString();
        }
    }
}
