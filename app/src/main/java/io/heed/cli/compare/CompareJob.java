package io.heed.cli.compare;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

import io.heed.cli.output.Machine;
import io.heed.cli.output.Terminal;
import io.heed.cli.output.TextTable;
import io.heed.tensor.PeakMemory;
import io.heed.train.RunDirectory;
import io.heed.train.StopSignal;

/** A comparison as the command runs it: a folder, progress on the terminal, then table or JSON, and the report. */
public final class CompareJob implements AutoCloseable {
    private static final int INTERRUPTED = 130;

    private final CompareSettings settings;
    private final Contest<?> contest;
    private final RunDirectory directory;

    private CompareJob(CompareSettings settings, Contest<?> contest, RunDirectory directory) {
        this.settings = settings;
        this.contest = contest;
        this.directory = directory;
    }

    /**
     * A new comparison.
     *
     * @param asked what to compare
     * @param out   its folder, which must not hold a run yet; null for {@code runs/<time>-compare}
     * @param say   gets a line for each of all mixers that cannot take part
     */
    public static CompareJob create(CompareSettings asked, Path out, Consumer<String> say) throws IOException {
        CompareSettings settings = Contests.of(asked.task()).withoutUnable(asked, say);
        // Data first: what cannot be read should leave no folder behind.
        Contest<?> contest = Contests.open(settings);
        if (out == null) {
            return new CompareJob(settings, contest, RunDirectory.create(Path.of("runs"), "compare"));
        }
        if (Files.exists(out.resolve("config.json"))) {
            throw new IllegalArgumentException(out + " holds a run already: go on with --resume " + out
                    + ", or choose another --out");
        }
        Files.createDirectories(out);
        return new CompareJob(settings, contest, RunDirectory.open(out));
    }

    /**
     * Goes on with the comparison in {@code folder}.
     *
     * @throws IllegalArgumentException when there is none
     */
    public static CompareJob resume(Path folder) throws IOException {
        Path config = folder.resolve("config.json");
        if (!Files.isRegularFile(config)) {
            throw new IllegalArgumentException(folder + " holds no run of heed compare: config.json is missing");
        }
        CompareSettings settings = CompareSettings.read(CompareSettings.keys(config), "configuration " + config);
        return new CompareJob(settings, Contests.open(settings), RunDirectory.open(folder));
    }

    /**
     * Runs it.
     *
     * @param out  for the table or the JSON lines
     * @param json whether JSON lines are wanted
     * @return the exit status: 0, or 130 when Ctrl-C stopped it
     */
    public int run(PrintWriter out, Terminal terminal, boolean json) throws IOException {
        long begin = System.nanoTime();
        directory.writeConfig(settings);
        terminal.err().println("heed compare: " + contest.about() + "; " + settings.mixers().size() + " mixers, "
                + settings.steps() + " steps each");
        StopSignal stop = StopSignal.onInterrupt();
        List<MixerResult> mixers = new Comparison<>(settings, contest, directory, stop, terminal).run();
        if (stop.requested()) {
            terminal.err().println("heed compare: stopped; go on with: heed compare --resume " + directory.path());
            return INTERRUPTED;
        }
        ComparisonResult result = new ComparisonResult(settings.task(), contest.about(), contest.task().metric(),
                contest.unit(), contest.task().higherIsBetter(), settings.steps(), mixers, facts(), machine(),
                command(), (System.nanoTime() - begin) / 1e9);
        Path report = directory.report();
        Files.writeString(report, ComparisonPage.html(result,
                LocalDateTime.now().format(DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm", Locale.ENGLISH))));
        StringBuilder lines = new StringBuilder();
        for (MixerResult mixer : mixers) {
            lines.append(JsonLine.of(result, mixer)).append('\n');
        }
        Files.writeString(directory.path().resolve("results.jsonl"), lines);
        if (json) {
            out.print(lines);
            terminal.err().println("report: " + report);
        } else {
            out.print(table(result));
            out.println();
            out.println(Headline.of(result));
            out.println("report: " + report);
        }
        out.flush();
        return 0;
    }

    @Override
    public void close() {
        directory.close();
    }

    private static String table(ComparisonResult result) {
        List<Measure> measures = Measure.of(result);
        List<String> headings = new ArrayList<>(List.of("mixer"));
        // Two blanks keep the headings above the figures, which leave room for the mark of the best.
        measures.forEach(measure -> headings.add(measure.name() + "  "));
        TextTable table = new TextTable(headings);
        for (MixerResult mixer : result.ranked()) {
            List<String> row = new ArrayList<>(List.of(mixer.mixer()));
            for (Measure measure : measures) {
                String figure = (measure.text(mixer) + " " + measure.spread(mixer)).strip();
                row.add(figure + (measure.isBest(mixer, result.mixers()) ? " *" : "  "));
            }
            table.row(row);
        }
        return "\n" + table + "* best of its column"
                + (result.mixers().getFirst().runs().size() > 1 ? "; mean ± standard deviation over the seeds" : "")
                        + "\n";
    }

    private Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Task", settings.task());
        facts.put("Data", contest.about());
        facts.put("Steps", String.valueOf(settings.steps()));
        facts.put("Seeds", settings.seeds().toString().replaceAll("[\\[\\]]", ""));
        facts.put("Layers", String.valueOf(settings.layers()));
        facts.put("Width", String.valueOf(settings.width()));
        facts.put("Heads", String.valueOf(settings.heads()));
        facts.put("Peak learning rate", String.valueOf(settings.rate()));
        facts.put("Optimiser", "AdamW, cosine schedule with warm-up");
        facts.putAll(contest.facts());
        return facts;
    }

    private static Map<String, String> machine() {
        Map<String, String> facts = Machine.facts();
        facts.put("Step memory", PeakMemory.method());
        return facts;
    }

    /** The command line that runs the same again. */
    private String command() {
        CompareSettings usual = Contests.of(settings.task()).defaults(settings.task());
        StringBuilder line = new StringBuilder("heed compare");
        option(line, "--task", settings.task(), "text");
        option(line, "--text", quote(settings.text()), quote(""));
        option(line, "--images", quote(settings.images()), quote(""));
        option(line, "--data", quote(settings.data()), quote(""));
        option(line, "--mixers", quote(String.join(",", settings.mixers())), String.join(",", usual.mixers()));
        option(line, "--steps", settings.steps(), usual.steps());
        if (!settings.seeds().equals(usual.seeds())) {
            String list = settings.seeds().toString().replaceAll("[\\[\\] ]", "");
            line.append(" --seeds ").append(settings.seeds().size() == 1 ? list + "," : list);
        }
        option(line, "--width", settings.width(), usual.width());
        option(line, "--layers", settings.layers(), usual.layers());
        option(line, "--heads", settings.heads(), usual.heads());
        option(line, "--length", settings.length(), usual.length());
        option(line, "--batch", settings.batch(), usual.batch());
        option(line, "--rate", settings.rate(), usual.rate());
        option(line, "--split", settings.split(), usual.split());
        return line.toString();
    }

    private static void option(StringBuilder line, String name, Object value, Object usual) {
        if (!value.equals(usual)) {
            line.append(' ').append(name).append(' ').append(value);
        }
    }

    /** As a shell needs it. */
    private static String quote(String text) {
        return text.matches("[\\w./:=,@%+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
