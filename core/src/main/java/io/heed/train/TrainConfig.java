package io.heed.train;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * How to train. Start from {@link #defaults} and change what differs; {@link #fromJson} reads the keys that are given
 * and takes the defaults for the others.
 *
 * @param steps           minibatches in the run
 * @param rate            peak learning rate of AdamW
 * @param warmup          steps of linear warm-up
 * @param finalRateShare  learning rate at the end, as a share of the peak; the way down is half a cosine
 * @param weightDecay     decoupled weight decay of matrices; biases, norms and other vectors have none
 * @param decayEmbeddings whether weight decay also takes embedding tables, by name: a parameter under a module whose
 *                        name contains {@code embed}
 * @param beta1           decay of AdamW's first moment
 * @param beta2           decay of its second moment
 * @param epsilon         added to the root of the second moment
 * @param clip            largest 2-norm of all gradients together; 0 does not clip
 * @param evaluateEvery   steps between evaluations; 0 evaluates only at the end
 * @param checkpointEvery steps between checkpoints; 0 saves only at the end or when interrupted
 * @param seed            seed of minibatches and dropout (a model's initial weights are its builder's concern)
 * @param device          {@code cpu} or {@code cuda}, where the caller puts model and data
 */
public record TrainConfig(long steps, double rate, long warmup, double finalRateShare, double weightDecay,
                          boolean decayEmbeddings, double beta1, double beta2, double epsilon, double clip,
                          long evaluateEvery, long checkpointEvery, long seed, String device) {
    /** @throws IllegalArgumentException in one line when a value is out of its range */
    public TrainConfig {
        check(steps >= 1, "steps", steps, "at least 1");
        check(rate > 0 && Double.isFinite(rate), "rate", rate, "positive");
        check(warmup >= 0 && warmup <= steps, "warmup", warmup, "from 0 to steps (" + steps + ")");
        check(finalRateShare >= 0 && finalRateShare <= 1, "finalRateShare", finalRateShare, "from 0 to 1");
        check(weightDecay >= 0 && Double.isFinite(weightDecay), "weightDecay", weightDecay, "0 or more");
        check(beta1 >= 0 && beta1 < 1, "beta1", beta1, "in [0, 1)");
        check(beta2 >= 0 && beta2 < 1, "beta2", beta2, "in [0, 1)");
        check(epsilon > 0 && Double.isFinite(epsilon), "epsilon", epsilon, "positive");
        check(clip >= 0 && Double.isFinite(clip), "clip", clip, "0 or more");
        check(evaluateEvery >= 0, "evaluateEvery", evaluateEvery, "0 or more");
        check(checkpointEvery >= 0, "checkpointEvery", checkpointEvery, "0 or more");
        check(device != null && device.matches("cpu|cuda(:\\d+)?"), "device", device, "cpu, cuda or cuda:<number>");
    }

    /** 1000 steps at 1e-3 with a warm-up of 50, evaluated and saved every 100. */
    public static TrainConfig defaults() {
        return new TrainConfig(1000, 1e-3, 50, 0.1, 0.1, false, 0.9, 0.95, 1e-8, 1.0, 100, 100, 0, "cpu");
    }

    /**
     * Reads a JSON or YAML object over the defaults.
     *
     * @throws IllegalArgumentException in one line for an unknown key (with the nearest known one) or a bad value
     */
    public static TrainConfig fromJson(JsonNode json) {
        return ConfigReader.read(json, defaults(), "training configuration");
    }

    /** The learning rate over the run. */
    public Schedule schedule() {
        return new Schedule(rate, warmup, steps, finalRateShare);
    }

    /** This with other {@code steps}; a warm-up longer than a tenth of the run is shortened to that. */
    public TrainConfig withSteps(long steps) {
        return new TrainConfig(steps, rate, Math.min(warmup, Math.max(0, steps / 10)), finalRateShare, weightDecay,
                decayEmbeddings, beta1, beta2, epsilon, clip, evaluateEvery, checkpointEvery, seed, device);
    }

    /** This with another peak learning rate. */
    public TrainConfig withRate(double rate) {
        return new TrainConfig(steps, rate, warmup, finalRateShare, weightDecay, decayEmbeddings, beta1, beta2, epsilon,
                clip, evaluateEvery, checkpointEvery, seed, device);
    }

    /** This with another warm-up and share of the rate that remains at the end. */
    public TrainConfig withSchedule(long warmup, double finalRateShare) {
        return new TrainConfig(steps, rate, warmup, finalRateShare, weightDecay, decayEmbeddings, beta1, beta2, epsilon,
                clip, evaluateEvery, checkpointEvery, seed, device);
    }

    /** This with another weight decay. */
    public TrainConfig withWeightDecay(double weightDecay, boolean decayEmbeddings) {
        return new TrainConfig(steps, rate, warmup, finalRateShare, weightDecay, decayEmbeddings, beta1, beta2, epsilon,
                clip, evaluateEvery, checkpointEvery, seed, device);
    }

    /** This with another limit of the gradient norm; 0 does not clip. */
    public TrainConfig withClip(double clip) {
        return new TrainConfig(steps, rate, warmup, finalRateShare, weightDecay, decayEmbeddings, beta1, beta2, epsilon,
                clip, evaluateEvery, checkpointEvery, seed, device);
    }

    /** This with other steps between evaluations and between checkpoints. */
    public TrainConfig withEvery(long evaluateEvery, long checkpointEvery) {
        return new TrainConfig(steps, rate, warmup, finalRateShare, weightDecay, decayEmbeddings, beta1, beta2, epsilon,
                clip, evaluateEvery, checkpointEvery, seed, device);
    }

    /** This with another seed. */
    public TrainConfig withSeed(long seed) {
        return new TrainConfig(steps, rate, warmup, finalRateShare, weightDecay, decayEmbeddings, beta1, beta2, epsilon,
                clip, evaluateEvery, checkpointEvery, seed, device);
    }

    /** This on another device. */
    public TrainConfig withDevice(String device) {
        return new TrainConfig(steps, rate, warmup, finalRateShare, weightDecay, decayEmbeddings, beta1, beta2, epsilon,
                clip, evaluateEvery, checkpointEvery, seed, device);
    }

    private static void check(boolean holds, String key, Object value, String range) {
        if (!holds) {
            throw new IllegalArgumentException(key + " is " + value + ", must be " + range);
        }
    }
}
