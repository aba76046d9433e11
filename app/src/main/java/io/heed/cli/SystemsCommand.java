package io.heed.cli;

import java.io.PrintWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.Family;
import io.heed.catalog.LastVerdict;
import io.heed.catalog.StudyStore;
import io.heed.cli.output.Home;
import io.heed.cli.output.TextTable;

/** {@code heed systems}: the catalogue. Loads neither libtorch nor the Vector API. */
@Command(name = "systems", mixinStandardHelpOptions = true, versionProvider = Version.class,
        description = {"Lists the systems: what is built, whether the golden cases pass, what the last study found."})
final class SystemsCommand implements Callable<Integer> {
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM yyyy", Locale.ENGLISH)
            .withZone(ZoneId.systemDefault());

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object a system.")
    private boolean json;

    private final StudyStore verdicts = new StudyStore(Home.folder().resolve("studies"));

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Catalog catalog = Catalog.load();
        GoldenStatus golden = GoldenStatus.in(Home.folder());
        List<Catalog.Listing> all = new ArrayList<>(List.of(catalog.baseline()));
        all.addAll(catalog.systems());
        if (json) {
            all.forEach(listing -> out.println(json(listing, golden)));
        } else {
            list(all, golden, out);
            long built = catalog.systems().stream().filter(Catalog.Listing::isBuilt).count();
            out.println();
            out.println(built + " of " + catalog.systems().size()
                    + " systems are built. 'heed systems show ID' tells more.");
        }
        out.flush();
        return 0;
    }

    private void list(List<Catalog.Listing> all, GoldenStatus golden, PrintWriter out) {
        TextTable table = new TextTable(List.of("id", "title", "built", "golden", "last verdict")).leftAligned();
        for (Family family : Family.values()) {
            List<Catalog.Listing> members = all.stream().filter(listing -> listing.card().family() == family).toList();
            if (!members.isEmpty()) {
                table.section(family.title());
            }
            for (Catalog.Listing listing : members) {
                String id = listing.card().id();
                table.row(List.of("  " + id, listing.card().title(), listing.isBuilt() ? "yes" : "not yet",
                        golden.of(id),
                        verdicts.last(id).map(last -> last.verdict().outcome().text()).orElse("-")));
            }
        }
        out.print(table);
    }

    private String json(Catalog.Listing listing, GoldenStatus golden) {
        String id = listing.card().id();
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("id", id).put("title", listing.card().title()).put("family", listing.card().family().title());
        node.put("purpose", listing.card().purpose()).put("paper", listing.card().paper());
        node.put("built", listing.isBuilt()).put("golden", golden.of(id));
        verdicts.last(id).ifPresentOrElse(last -> node.put("verdict", last.verdict().outcome().text()),
                () -> node.putNull("verdict"));
        return node.toString();
    }

    /** {@code heed systems show ID}. */
    @Command(name = "show", mixinStandardHelpOptions = true, versionProvider = Version.class,
            description = "Tells what a system is, what its paper claims, and how it stands here.")
    int show(@Parameters(paramLabel = "ID", description = "A system's id, as 'heed systems' lists it.") String id) {
        Catalog.Listing listing = Catalog.load().get(id);
        PrintWriter out = spec.commandLine().getOut();
        out.println(listing.card().title() + " (" + id + ", " + listing.card().family().title() + ")");
        out.println(listing.card().purpose() + ".");
        out.println("Paper:   " + listing.card().paper());
        out.println("Built:   " + (listing.isBuilt() ? "yes" : "not yet"));
        out.println("Golden:  " + GoldenStatus.in(Home.folder()).of(id));
        for (Claim claim : listing.card().claims()) {
            out.println("Claim:   " + claim.statement() + " [" + claim.source() + "]");
        }
        boolean studied = listing.entry().flatMap(entry -> entry.study()).isPresent();
        Optional<LastVerdict> last = verdicts.last(id);
        if (last.isPresent()) {
            out.println("Verdict: " + last.get().verdict() + " (" + last.get().budget() + " study of "
                    + DAY.format(last.get().time()) + ")");
        } else if (studied) {
            out.println("Verdict: none yet; run 'heed study " + id + "'");
        }
        out.flush();
        return 0;
    }
}
