package io.heed.cli.compare;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.heed.data.Split;
import io.heed.sequence.MixerSpec;
import io.heed.train.RunDirectory;
import io.heed.train.Task;
import io.heed.vision.ColumnarConfig;
import io.heed.vision.ImageClassifier;
import io.heed.vision.ImageClassifierConfig;
import io.heed.vision.ImageTask;
import io.heed.vision.Positions;
import io.heed.vision.Regularisation;
import io.heed.vision.data.ImageData;

/** A contest of image classifiers. */
record ImageContest(CompareSettings settings, ImageTask images) implements Contest<ImageClassifier> {
    /** The mixer whose classifier sets the size of all. */
    private static final String BASELINE = "softmax";
    /** Rows of tokens at the least: a coarser grid would leave local mixers nothing to be local in. */
    private static final int ROWS = 14;
    private static final int HIDDEN_RATIO = 4;
    private static final int TESTED = 1000;

    /** One classifier of this config. */
    private record Entrant(ImageClassifierConfig config) implements Contestant<ImageClassifier> {
        @Override
        public ImageClassifier build() {
            return new ImageClassifier(config);
        }

        @Override
        public void describe(RunDirectory run) throws IOException {
            ModelFile.describe(run, "image classifier", config);
        }
    }

    @Override
    public Task<ImageClassifier> task() {
        return images;
    }

    @Override
    public String about() {
        return images.data().about();
    }

    @Override
    public String unit() {
        return "images";
    }

    @Override
    public List<Contestant<ImageClassifier>> contestants() {
        long parameters = config(BASELINE).parameterCount();
        return settings.mixers().stream()
                .<Contestant<ImageClassifier>>map(mixer -> new Entrant(config(mixer).fit(parameters))).toList();
    }

    private ImageClassifierConfig config(String mixer) {
        ImageData data = images.data();
        return new ImageClassifierConfig(new ColumnarConfig(data.channels(), data.height(), data.width(), patch(),
                settings.width(), settings.layers(), settings.heads(), HIDDEN_RATIO, Positions.LEARNED,
                ColumnarConfig.Readout.MEAN, Regularisation.NONE, MixerSpec.parseStack(mixer)),
                data.classes().size());
    }

    /** The largest patch that divides the images and leaves enough rows of tokens. */
    private int patch() {
        int patch = Math.max(1, images.data().height() / ROWS);
        while (images.data().height() % patch != 0 || images.data().width() % patch != 0) {
            patch--;
        }
        return patch;
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Images a step", String.valueOf(settings.batch()));
        facts.put("Tokens", "patches of " + patch() + "x" + patch() + " pixels, learned positions");
        facts.put("Parameters", "equal within 1%, by the width of the MLPs");
        return facts;
    }

    @Override
    public double test(ImageClassifier model) {
        return images.evaluate(model, Split.TEST, TESTED).value();
    }
}
