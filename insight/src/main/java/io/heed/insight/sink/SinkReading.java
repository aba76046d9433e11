package io.heed.insight.sink;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;

import io.heed.insight.AttentionStatistics;
import io.heed.insight.Probe;
import io.heed.insight.StatisticsObserver;

/**
 * Where a model's attention stands at some point of its training: means over layers, heads and held-out sequences.
 *
 * @param step      steps done
 * @param loss      validation loss
 * @param first     on the first token
 * @param constant  on the constant token; zeros without one
 * @param front     on the learned key in front; zeros without one
 * @param mass      sum of a row's raw weights
 * @param largest   a row's largest raw weight
 * @param hidden    norm of the residual stream at the watched token over the mean of the others, leaving the last layer
 */
record SinkReading(long step, double loss, Weight first, Weight constant, Weight front, double mass, double largest,
                   double hidden) {
    /**
     * What a key draws.
     *
     * @param sink  Sink_k in per cent
     * @param alpha mean share
     * @param raw   mean raw weight
     */
    record Weight(double sink, double alpha, double raw) {
        static final Weight NONE = new Weight(0, 0, 0);
    }

    static SinkReading of(SinkModel model, SinkTask task, long step) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            StatisticsObserver found = new Probe(model).summarise(task.heldOut().tokens());
            double loss = task.evaluate(model).loss();
            int front = model.config().mechanism().front() + (model.config().sinkToken() ? 1 : 0);
            Map<Integer, AttentionStatistics> layers = found.layers();
            int watched = Math.max(0, task.constant()) + (model.config().sinkToken() ? 1 : 0);
            return new SinkReading(step, loss, weight(layers, front), task.constant() < 0 ? Weight.NONE
                    : weight(layers, front + task.constant()), front == 0 ? Weight.NONE : weight(layers, 0),
                    mean(layers, (layer, head) -> layer.mass()[head]),
                    mean(layers, (layer, head) -> layer.largest()[head]),
                    ratio(found.hiddenNorms().get(model.layers()), watched));
        }
    }

    /** The mean of readings at one step of several seeds. */
    static SinkReading mean(List<SinkReading> seeds) {
        return new SinkReading(seeds.getFirst().step, average(seeds, SinkReading::loss),
                weights(seeds, SinkReading::first),
                weights(seeds, SinkReading::constant), weights(seeds, SinkReading::front),
                average(seeds, SinkReading::mass),
                average(seeds, SinkReading::largest), average(seeds, SinkReading::hidden));
    }

    private static double average(List<SinkReading> seeds, ToDoubleFunction<SinkReading> figure) {
        return seeds.stream().mapToDouble(figure).average().orElseThrow();
    }

    private static Weight weights(List<SinkReading> seeds, Function<SinkReading, Weight> of) {
        return new Weight(average(seeds, one -> of.apply(one).sink), average(seeds, one -> of.apply(one).alpha),
                average(seeds, one -> of.apply(one).raw));
    }

    private interface Figure {
        double of(AttentionStatistics layer, int head);
    }

    private static Weight weight(Map<Integer, AttentionStatistics> layers, int key) {
        return new Weight(100 * mean(layers, (layer, head) -> layer.sinkShare(head, key, SinkMetric.EPSILON)),
                mean(layers, (layer, head) -> layer.alpha(head, key)),
                mean(layers, (layer, head) -> layer.rawAlpha(head, key)));
    }

    private static double mean(Map<Integer, AttentionStatistics> layers, Figure figure) {
        double sum = 0;
        int count = 0;
        for (AttentionStatistics layer : layers.values()) {
            for (int head = 0; head < layer.heads(); head++) {
                sum += figure.of(layer, head);
                count++;
            }
        }
        return sum / count;
    }

    private static double ratio(float[] norms, int watched) {
        double others = 0;
        for (int i = 0; i < norms.length; i++) {
            others += i == watched ? 0 : norms[i] / (norms.length - 1);
        }
        return norms[watched] / others;
    }
}
