package io.heed.cli.compare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.heed.data.DataFolders;
import io.heed.sequence.MixerSpec;
import io.heed.vision.GridMixerKind;
import io.heed.vision.GridMixers;
import io.heed.vision.ImageTask;
import io.heed.vision.data.ImageData;
import io.heed.vision.data.ImageFolder;
import io.heed.vision.data.ImageSets;

/** Image classifiers that differ in their grid mixer. */
final class ImageContests implements ContestFamily {
    /** The task on a folder of the user's own images. */
    static final String OWN = "images";

    /** The mixers of a comparison that names none. */
    private static final List<String> USUAL =
            List.of("neighborhood-attention", "softmax", "sigmoid-attention", "flowformer");
    /** Height and width to which the user's own images are scaled. */
    private static final int SIDE = 32;
    private static final int SMALLEST_SIDE = 8;
    /** Images of an evaluation: enough for two digits, a small share of a comparison's time. */
    private static final int EVALUATED = 500;

    @Override
    public List<String> tasks() {
        return Stream.concat(ImageSets.names().stream(), Stream.of(OWN)).toList();
    }

    @Override
    public String mixerNoun() {
        return "grid mixer";
    }

    @Override
    public List<String> mixers() {
        return GridMixers.all().stream().map(GridMixerKind::id).toList();
    }

    @Override
    public boolean knows(String mixer) {
        String name = mixer.replaceFirst("[:+].*", "").strip();
        return GridMixers.all().stream().anyMatch(kind -> kind.id().equals(name) || kind.aliases().contains(name));
    }

    @Override
    public CompareSettings defaults(String task) {
        return new CompareSettings(task, "", "", "", USUAL, 200, List.of(0L), 64, 3, 2,
                task.equals(OWN) ? SIDE : 0, 32, 2e-3, CompareSettings.SPLIT_OF_SEED);
    }

    @Override
    public void check(CompareSettings settings) {
        settings.mixers().stream().flatMap(mixer -> MixerSpec.parseStack(mixer).stream())
                .forEach(layer -> GridMixers.named(layer.id()));
        if (settings.task().equals(OWN)) {
            CompareSettings.check(!settings.images().isEmpty(), "images", "empty",
                    "a folder of images by class, given with --images");
            CompareSettings.check(settings.length() >= SMALLEST_SIDE, "length", settings.length(),
                    "the images' height and width, at least " + SMALLEST_SIDE);
        } else {
            CompareSettings.check(settings.length() == 0, "length", settings.length(),
                    "left out: the images of " + settings.task() + " have a size of their own");
        }
        if (!settings.data().isEmpty() && (settings.task().equals(OWN) || settings.task().equals(ImageSets.SHAPES))) {
            throw new IllegalArgumentException("the task " + settings.task() + " reads no data set: leave --data out");
        }
        CompareSettings.check(settings.batch() >= 1, "batch", settings.batch(), "at least 1");
    }

    @Override
    public CompareSettings withoutUnable(CompareSettings settings, Consumer<String> say) {
        if (!settings.mixers().equals(mixers())) {
            return settings;
        }
        ImageTask task = task(settings);
        List<String> able = new ArrayList<>();
        for (String mixer : settings.mixers()) {
            try {
                new ImageContest(settings.withMixers(List.of(mixer)), task).contestants();
                able.add(mixer);
            } catch (IllegalArgumentException | UnsupportedOperationException e) {
                say.accept("left out: mixer " + mixer + ": " + e.getMessage());
            }
        }
        return settings.withMixers(able);
    }

    @Override
    public Contest<?> open(CompareSettings settings) {
        return new ImageContest(settings, task(settings));
    }

    private static ImageTask task(CompareSettings settings) {
        ImageData data = settings.task().equals(OWN) ? ImageFolder.read(Path.of(settings.images()), settings.length())
                : ImageSets.open(settings.task(),
                        DataFolders.of(settings.data().isEmpty() ? null : Path.of(settings.data())));
        return new ImageTask(data, settings.batch(), EVALUATED);
    }
}
