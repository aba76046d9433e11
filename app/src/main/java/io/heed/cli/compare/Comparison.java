package io.heed.cli.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.pytorch.Module;

import io.heed.cli.output.Terminal;
import io.heed.tensor.AtomicFile;
import io.heed.train.RunDirectory;
import io.heed.train.StopSignal;

/**
 * Trains the mixers, seed after seed. Within a seed they take turns of a few steps in one process, on the same batches:
 * so the curves grow side by side, and a machine that slows down slows them all.
 */
final class Comparison<M extends Module> {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int TURNS = 50;

    private final CompareSettings settings;
    private final Contest<M> contest;
    private final RunDirectory directory;
    private final StopSignal stop;
    private final Terminal terminal;

    Comparison(CompareSettings settings, Contest<M> contest, RunDirectory directory, StopSignal stop,
            Terminal terminal) {
        this.settings = settings;
        this.contest = contest;
        this.directory = directory;
        this.stop = stop;
        this.terminal = terminal;
    }

    /** Results in the order of the settings' mixers; incomplete when the stop signal came. */
    List<MixerResult> run() throws IOException {
        List<Contest.Contestant<M>> models = contest.contestants();
        List<List<ArmResult>> results = new ArrayList<>();
        for (long seed : settings.seeds()) {
            if (!stop.requested()) {
                results.add(train(seed, models));
            }
        }
        if (stop.requested()) {
            return List.of();
        }
        List<MixerResult> mixers = new ArrayList<>();
        for (int m = 0; m < settings.mixers().size(); m++) {
            int mixer = m;
            ArmResult first = results.getFirst().get(m);
            mixers.add(new MixerResult(first.mixer(), first.parameters(), first.steps(),
                    results.stream().map(seed -> seed.get(mixer).run()).toList(), first.prompt(), first.sample()));
        }
        return mixers;
    }

    private List<ArmResult> train(long seed, List<Contest.Contestant<M>> models) throws IOException {
        List<Standing> standings = settings.mixers().stream().map(mixer -> new Standing(
                settings.seeds().size() == 1 ? mixer : mixer + ", seed " + seed, settings.steps())).toList();
        Display display = new Display(terminal, contest.task().metric(), contest.unit(), standings);
        List<Arm<M>> arms = new ArrayList<>();
        List<ArmResult> results = new ArrayList<>();
        try {
            for (int m = 0; m < models.size(); m++) {
                ArmResult done = read(resultFile(m, seed));
                results.add(done);
                if (done == null) {
                    RunDirectory own = directory.child(name(m, seed));
                    models.get(m).describe(own);
                    arms.add(new Arm<>(settings.mixers().get(m), seed, own, contest.ofSeed(seed),
                            models.get(m), settings.training(), stop, standings.get(m), display::say));
                } else {
                    standings.get(m).resumed(settings.steps());
                    standings.get(m).evaluated(done.run().value());
                    arms.add(null);
                }
            }
            takeTurns(arms, display);
            for (int m = 0; m < arms.size() && !stop.requested(); m++) {
                if (arms.get(m) != null) {
                    results.set(m, arms.get(m).result(seed == settings.seeds().getFirst()));
                    AtomicFile.write(resultFile(m, seed), MAPPER.writeValueAsString(results.get(m)));
                }
            }
        } finally {
            arms.stream().filter(arm -> arm != null).forEach(Arm::close);
        }
        return results;
    }

    /** Every arm comes to the same step before the next turn begins, also after a resume. */
    private void takeTurns(List<Arm<M>> arms, Display display) {
        long turn = Math.max(1, settings.steps() / TURNS);
        for (long goal = turn; ; goal += turn) {
            boolean more = false;
            for (Arm<M> arm : arms) {
                if (arm != null) {
                    more |= arm.advanceTo(Math.min(goal, settings.steps()), display::update);
                }
            }
            if (!more) {
                display.finish();
                return;
            }
        }
    }

    private String name(int mixer, long seed) {
        return (mixer + 1) + "-" + settings.mixers().get(mixer).replaceAll("[^\\w.=-]+", "-") + "-seed-" + seed;
    }

    private Path resultFile(int mixer, long seed) {
        return directory.path().resolve(name(mixer, seed)).resolve("result.json");
    }

    private static ArmResult read(Path file) throws IOException {
        return Files.exists(file) ? MAPPER.readValue(Files.readString(file), ArmResult.class) : null;
    }
}
