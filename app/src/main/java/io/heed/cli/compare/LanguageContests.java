package io.heed.cli.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.Pattern;

/** Language models that differ in their sequence mixer. */
final class LanguageContests implements ContestFamily {
    /** The mixers of a comparison that names none. */
    private static final List<String> USUAL = List.of("softmax", "sigmoid-attention", "lightning-attention", "aaren");

    @Override
    public List<String> tasks() {
        return List.of("text", "mqar");
    }

    @Override
    public String mixerNoun() {
        return "sequence mixer";
    }

    @Override
    public List<String> mixers() {
        return Mixers.all().stream().filter(LanguageContests::isCausal).map(MixerKind::id).toList();
    }

    /** Whether a mixer can predict what comes next: the tasks of this contest. */
    private static boolean isCausal(MixerKind kind) {
        return kind.patterns().contains(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean knows(String mixer) {
        String name = mixer.replaceFirst("[:+].*", "").strip();
        return Mixers.all().stream().anyMatch(kind -> kind.id().equals(name) || kind.aliases().contains(name));
    }

    @Override
    public CompareSettings defaults(String task) {
        return task.equals("mqar")
                ? new CompareSettings(task, "", "", "", USUAL, 600, List.of(0L), 64, 2, 2, 64, 64, 3e-3,
                CompareSettings.SPLIT_OF_SEED)
                : new CompareSettings(task, "", "", "", USUAL, 320, List.of(0L), 128, 2, 4, 256, 8, 3e-3,
                CompareSettings.SPLIT_OF_SEED);
    }

    @Override
    public void check(CompareSettings settings) {
        if (!settings.data().isEmpty()) {
            throw new IllegalArgumentException("the task " + settings.task() + " reads no data set: leave --data out");
        }
        settings.mixers().stream().flatMap(mixer -> MixerSpec.parseStack(mixer).stream())
                .map(layer -> Mixers.named(layer.id()))
                .filter(kind -> !isCausal(kind)).findFirst().ifPresent(kind -> {
                    throw new IllegalArgumentException("mixer " + kind.id()
                            + " has no causal form for its own sequence, which"
                            + " the task " + settings.task() + " needs: leave it out, or see heed study cab");
                });
        CompareSettings.check(settings.length() >= 2, "length", settings.length(), "at least 2");
        CompareSettings.check(settings.batch() >= 1, "batch", settings.batch(), "at least 1");
    }

    @Override
    public CompareSettings withoutUnable(CompareSettings settings, Consumer<String> say) {
        if (!settings.mixers().equals(mixers())) {
            return settings;
        }
        Workload workload = Workload.of(settings);
        List<String> able = new ArrayList<>();
        for (MixerKind kind : Mixers.all()) {
            if (!isCausal(kind)) {
                say.accept("left out: mixer " + kind.id() + " has no causal form for its own sequence");
                continue;
            }
            try {
                workload.models(settings.withMixers(List.of(kind.id())));
                able.add(kind.id());
            } catch (IllegalArgumentException | UnsupportedOperationException e) {
                say.accept("left out: mixer " + kind.id() + ": " + e.getMessage());
            }
        }
        return settings.withMixers(able);
    }

    @Override
    public Contest<?> open(CompareSettings settings) {
        return new LanguageContest(settings, Workload.of(settings));
    }
}
