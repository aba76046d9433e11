package io.heed.sequence.cab;

import java.util.ArrayList;
import java.util.List;

/**
 * The compositional index of one pattern: metrics of any scale turned into one number. A metric's score is s (x - mu) /
 * sigma with the mean and deviation over a set of attentions and the sign s of what is better; a task's score is the
 * mean over its metrics, the index the mean over tasks.
 *
 * @param mu    by metric
 * @param sigma by metric
 * @param sign  by metric: 1 where higher is better, -1 where lower is
 * @param tasks metrics of each task, one after the other
 */
record CompositionalIndex(double[] mu, double[] sigma, double[] sign, int[] tasks) {
    /** @throws IllegalArgumentException when there are not as many of each as the tasks have metrics */
    CompositionalIndex {
        int metrics = 0;
        for (int count : tasks) {
            metrics += count;
        }
        if (mu.length != metrics || sigma.length != metrics || sign.length != metrics) {
            throw new IllegalArgumentException("an index of " + metrics
                    + " metrics needs as many means, deviations and signs, got "
                    + mu.length + ", " + sigma.length + " and " + sign.length);
        }
    }

    /**
     * With means and deviations over a set of attentions themselves (the population's, not a sample's).
     *
     * @param values metrics of each attention
     */
    static CompositionalIndex over(List<double[]> values, double[] sign, int[] tasks) {
        double[] mu = new double[sign.length];
        double[] sigma = new double[sign.length];
        for (int metric = 0; metric < sign.length; metric++) {
            for (double[] of : values) {
                mu[metric] += of[metric] / values.size();
            }
            for (double[] of : values) {
                sigma[metric] += Math.pow(of[metric] - mu[metric], 2) / values.size();
            }
            sigma[metric] = Math.sqrt(sigma[metric]);
        }
        return new CompositionalIndex(mu, sigma, sign, tasks);
    }

    /** Scores of the tasks; a metric on which all attentions agree says nothing and scores 0. */
    double[] taskScores(double[] metrics) {
        double[] scores = new double[tasks.length];
        int metric = 0;
        for (int task = 0; task < tasks.length; task++) {
            for (int i = 0; i < tasks[task]; i++, metric++) {
                double score = sigma[metric] == 0 ? 0 : sign[metric] * (metrics[metric] - mu[metric]) / sigma[metric];
                scores[task] += score / tasks[task];
            }
        }
        return scores;
    }

    /** The mean of the tasks' scores. */
    double index(double[] metrics) {
        double sum = 0;
        for (double score : taskScores(metrics)) {
            sum += score;
        }
        return sum / tasks.length;
    }

    /** Pearson's correlation of two patterns' indices over the attentions that both have; NaN for fewer than three. */
    static double correlation(List<Double> one, List<Double> other) {
        List<double[]> both = new ArrayList<>();
        for (int i = 0; i < one.size(); i++) {
            if (!Double.isNaN(one.get(i)) && !Double.isNaN(other.get(i))) {
                both.add(new double[] {one.get(i), other.get(i)});
            }
        }
        if (both.size() < 3) {
            return Double.NaN;
        }
        double x = both.stream().mapToDouble(pair -> pair[0]).average().orElseThrow();
        double y = both.stream().mapToDouble(pair -> pair[1]).average().orElseThrow();
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (double[] pair : both) {
            xy += (pair[0] - x) * (pair[1] - y);
            xx += (pair[0] - x) * (pair[0] - x);
            yy += (pair[1] - y) * (pair[1] - y);
        }
        return xy / Math.sqrt(xx * yy);
    }
}
