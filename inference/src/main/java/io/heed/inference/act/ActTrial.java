package io.heed.inference.act;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.model.CausalModel;
import io.heed.inference.model.ModelConfig;

/**
 * The paper's procedure on one model and one set of texts: heads are chosen on one half, four ways of attention are
 * measured on the other.
 *
 * @param name     of the texts
 * @param none     without calibration
 * @param selected with the chosen heads calibrated
 * @param all      with all heads calibrated
 * @param random   mean loss and accuracy of as many random heads
 * @param heads    how many were chosen
 * @param searched how many were tried
 */
record ActTrial(String name, TextQuality.Score none, TextQuality.Score selected, TextQuality.Score all,
        TextQuality.Score random, int heads, int searched) {
    private static final int DRAWS = 5;

    static ActTrial run(String name, CausalModel model, List<int[]> texts, Calibration calibration,
            IntConsumer progress) {
        ModelConfig config = model.config();
        TextQuality quality = new TextQuality(model);
        List<int[]> choosing = TextQuality.half(texts, 0);
        List<int[]> testing = TextQuality.half(texts, 1);
        int[] layers = IntStream.range(0, config.layers()).toArray();
        List<HeadSearch.Gain> gains = HeadSearch.search(model.dense(), layers, config.heads(), calibration,
                plan -> -quality.measure(plan, choosing).loss(), progress);
        int chosen = (int) gains.stream().filter(gain -> gain.delta() > 0).count();
        AttentionPlan all = model.dense().with(layers, new CalibratedAttention(calibration));
        return new ActTrial(name, quality.measure(model.dense(), testing),
                quality.measure(HeadSearch.apply(model.dense(), gains, calibration), testing),
                quality.measure(all, testing),
                random(model, quality, testing, gains, chosen, calibration), chosen, gains.size());
    }

    private static TextQuality.Score random(CausalModel model, TextQuality quality, List<int[]> testing,
            List<HeadSearch.Gain> heads, int count, Calibration calibration) {
        double loss = 0;
        double accuracy = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            List<HeadSearch.Gain> shuffled = new ArrayList<>(heads);
            Collections.shuffle(shuffled, new Random(draw));
            AttentionPlan plan = model.dense();
            CalibratedAttention policy = new CalibratedAttention(calibration);
            for (HeadSearch.Gain head : shuffled.subList(0, count)) {
                plan = plan.with(head.layer(), policy, head.head());
            }
            TextQuality.Score score = quality.measure(plan, testing);
            loss += score.loss() / DRAWS;
            accuracy += score.accuracy() / DRAWS;
        }
        return new TextQuality.Score(loss, accuracy);
    }

    boolean helps() {
        return heads > 0 && selected.loss() < none.loss();
    }

    boolean beatsRandom() {
        return heads > 0 && selected.loss() < random.loss();
    }

    boolean beatsAll() {
        return selected.loss() < all.loss();
    }

    /** Cells of a report's table. */
    List<List<Object>> rows() {
        List<List<Object>> rows = new ArrayList<>();
        rows.add(row("none", 0, none));
        rows.add(row("selected heads", heads, selected));
        rows.add(row("as many random heads, mean of " + DRAWS, heads, random));
        rows.add(row("all heads", searched, all));
        return rows;
    }

    private List<Object> row(String arm, int count, TextQuality.Score score) {
        return List.of(name, arm, count, score.loss(), 100 * score.accuracy());
    }
}
