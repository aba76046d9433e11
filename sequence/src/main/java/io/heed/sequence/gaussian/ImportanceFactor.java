package io.heed.sequence.gaussian;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/**
 * Importance Factor: IF = (GA - min GA) / (max GA - min GA), GA the Gaussian weights of every layer and feature
 * averaged over a data set. Values in [0, 1]; high ones mark what the gate lets through.
 */
public final class ImportanceFactor {
    private final int layers;
    private final int features;
    private final double[] sums;
    private long samples;

    public ImportanceFactor(int layers, int features) {
        this.layers = layers;
        this.features = features;
        sums = new double[layers * features];
    }

    /** Takes in the weights of some samples, (B, layers, F). */
    public void add(Tensor weights) {
        if (weights.dim() != 3 || weights.size(1) != layers || weights.size(2) != features) {
            throw new IllegalArgumentException("weights of " + layers + " layers and " + features
                    + " features are (B, layers, F), got " + Ops.shape(weights));
        }
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            double[] batch = Ops.doubles(weights.to(ScalarType.Double).sum(0));
            Arrays.setAll(sums, i -> sums[i] + batch[i]);
            samples += weights.size(0);
        }
    }

    /**
     * The factors, [layer][feature]; all 0 where all averages are equal.
     *
     * @throws IllegalStateException when nothing was added
     */
    public double[][] values() {
        if (samples == 0) {
            throw new IllegalStateException("an importance factor needs the weights of at least one sample");
        }
        double least = Arrays.stream(sums).min().orElseThrow();
        double range = Arrays.stream(sums).max().orElseThrow() - least;
        double[][] factors = new double[layers][features];
        for (int i = 0; i < sums.length; i++) {
            factors[i / features][i % features] = range == 0 ? 0 : (sums[i] - least) / range;
        }
        return factors;
    }

    /** Layers by their mean factor, the most important first. */
    public int[] ranking() {
        double[][] factors = values();
        return IntStream.range(0, layers).boxed()
                .sorted(Comparator.comparingDouble((Integer layer) -> -Arrays.stream(factors[layer]).sum()))
                .mapToInt(Integer::intValue).toArray();
    }
}
