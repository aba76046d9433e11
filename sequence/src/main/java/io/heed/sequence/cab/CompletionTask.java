package io.heed.sequence.cab;

import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Non-causal cross-attention: given points of a random closed curve with a stretch missing, place the missing points. A
 * stand-in for the completion of point clouds. The metric is the Chamfer distance, mean distance to the nearest point
 * both ways, x 100.
 */
final class CompletionTask implements Task<CompletionTask.Completer> {
    static final int SEEN = 48;
    static final int MISSING = 16;
    private static final int BATCH = 16;
    private static final int HELD_OUT = 6; // batches
    private static final long VALIDATION = 1;
    private static final double NEAR = 0.1;

    /** Points to points: learned queries read the points that are seen. */
    static final class Completer extends Module {
        private final LinearImpl in;
        private final CrossModel body;
        private final Tensor queries;
        private final LinearImpl out;

        Completer(String mixer, long width) {
            super("Completer");
            in = register_module("in", new LinearImpl(2, width));
            body = register_module("body", new CrossModel(mixer, width, false, "none", SEEN));
            queries = Registration.parameter(this, "queries",
                    Initialisation.truncatedNormal(torch.empty(MISSING, width), 1));
            out = register_module("out", new LinearImpl(width, 2));
        }

        /** (B, seen, 2) to (B, missing, 2). */
        Tensor forward(Tensor points) {
            Tensor asked = queries.unsqueeze(0).expand(points.size(0), queries.size(0), queries.size(1));
            return out.forward(body.forward(in.forward(points), asked));
        }
    }

    /** Seen (B, M, 2) and missing (B, n, 2) points. */
    private record Batch(Tensor seen, Tensor missing) { }

    /** Closed curves r(t) = 1 + a few harmonics; a quarter of the circle, at a random place, is missing. */
    private static Batch draw(long key) {
        CounterRandom random = new CounterRandom(key);
        int all = SEEN + MISSING;
        float[] seen = new float[BATCH * SEEN * 2];
        float[] missing = new float[BATCH * MISSING * 2];
        for (int b = 0; b < BATCH; b++) {
            double[] sines = new double[4];
            double[] cosines = new double[4];
            for (int k = 1; k < sines.length; k++) {
                sines[k] = (random.nextDouble() - 0.5) * 0.8 / k;
                cosines[k] = (random.nextDouble() - 0.5) * 0.8 / k;
            }
            int start = random.nextInt(all);
            for (int i = 0; i < all; i++) {
                double angle = 2 * Math.PI * ((start + i) % all) / all;
                double radius = 1;
                for (int k = 1; k < sines.length; k++) {
                    radius += sines[k] * Math.sin(k * angle) + cosines[k] * Math.cos(k * angle);
                }
                float[] points = i < MISSING ? missing : seen;
                int at = (i < MISSING ? b * MISSING + i : b * SEEN + i - MISSING) * 2;
                points[at] = (float) (radius * Math.cos(angle));
                points[at + 1] = (float) (radius * Math.sin(angle));
            }
        }
        return new Batch(Ops.of(seen, BATCH, SEEN, 2), Ops.of(missing, BATCH, MISSING, 2));
    }

    /** Distances between all points of two sets, (B, n, m). */
    private static Tensor distances(Tensor one, Tensor other) {
        return one.unsqueeze(2).sub(other.unsqueeze(1)).square().sum(new long[] {3}, false, null);
    }

    @Override
    public String id() {
        return "completion";
    }

    @Override
    public Tensor loss(Completer model, Step step) {
        Batch batch = draw(step.key());
        return chamfer(distances(model.forward(batch.seen), batch.missing));
    }

    /** Mean squared distance to the nearest, both ways. */
    private static Tensor chamfer(Tensor squares) {
        return squares.amin(new long[] {2}, false).mean().add(squares.amin(new long[] {1}, false).mean());
    }

    @Override
    public Evaluation evaluate(Completer model) {
        double squared = 0;
        double plain = 0;
        double score = 0;
        for (int i = 0; i < HELD_OUT; i++) {
            try (PointerScope _ = new PointerScope()) {
                Batch batch = draw(CounterRandom.key(VALIDATION, i));
                Tensor squares = distances(model.forward(batch.seen), batch.missing);
                Tensor distances = squares.clamp_min(new Scalar(0)).sqrt();
                squared += chamfer(squares).item_double() / HELD_OUT;
                plain += chamfer(distances).item_double() / HELD_OUT;
                Tensor precision = distances.amin(new long[] {2}, false).lt(new Scalar(NEAR)).to(Ops.type(distances))
                        .mean();
                Tensor recall = distances.amin(new long[] {1}, false).lt(new Scalar(NEAR)).to(Ops.type(distances))
                        .mean();
                double p = precision.item_double();
                double r = recall.item_double();
                score += (p + r == 0 ? 0 : 2 * p * r / (p + r)) / HELD_OUT;
            }
        }
        return new Evaluation(squared, metric(), 100 * plain, Map.of("squared", 100 * squared, "f-score", score));
    }

    @Override
    public long tokensPerStep() {
        return (long) BATCH * (SEEN + MISSING);
    }

    @Override
    public String metric() {
        return "chamfer x 100";
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }
}
