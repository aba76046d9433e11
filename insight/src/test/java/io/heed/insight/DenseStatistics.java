package io.heed.insight;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** {@link AttentionStatistics} from whole matrices, as their definitions read. */
final class DenseStatistics {
    private static final double CLOSE = 2e-4;

    private DenseStatistics() { }

    /** @param front keys in front of the sequence */
    static void assertSame(AttentionStatistics found, Tensor weights, int front) {
        int heads = (int) weights.size(1);
        int queries = (int) weights.size(2);
        int keys = (int) weights.size(3);
        double[] a = Ops.doubles(weights);
        for (int h = 0; h < heads; h++) {
            double[] shares = new double[(int) weights.size(0) * keys];
            double[] profile = new double[keys];
            double mass = 0;
            double largest = 0;
            double entropy = 0;
            double evenness = 0;
            double distance = 0;
            for (int b = 0; b < weights.size(0); b++) {
                for (int i = 0; i < queries; i++) {
                    int row = ((b * heads + h) * queries + i) * keys;
                    double sum = 0;
                    double absolute = 0;
                    double most = Double.NEGATIVE_INFINITY;
                    for (int k = 0; k < keys; k++) {
                        sum += a[row + k];
                        absolute += Math.abs(a[row + k]);
                        most = Math.max(most, a[row + k]);
                    }
                    mass += sum / queries / weights.size(0);
                    largest += most / queries / weights.size(0);
                    double nats = 0;
                    for (int k = 0; k < keys; k++) {
                        double p = Math.abs(a[row + k]) / (absolute + 1e-8);
                        nats -= p > 0 ? p * Math.log(p) : 0;
                        shares[b * keys + k] += p / (queries - Math.max(0, k - front));
                        if (p > 0) {
                            int d = i + front - k;
                            distance += d * p / queries / weights.size(0);
                            profile[d] += p / weights.size(0) / Math.min(queries, keys - d);
                        }
                    }
                    entropy += nats / queries / weights.size(0);
                    int visible = i + front + 1;
                    evenness += visible == 1 ? 0 : nats / Math.log(visible) / (front == 0 ? queries - 1
                            : queries) / weights.size(0);
                }
            }
            assertThat(found.mass()[h]).as("mass").isCloseTo(mass, within(CLOSE * Math.max(1, Math.abs(mass))));
            assertThat(found.largest()[h]).as("largest").isCloseTo(largest, within(CLOSE * Math.max(1, largest)));
            assertThat(found.entropy()[h]).as("entropy").isCloseTo(entropy, within(CLOSE));
            assertThat(found.evenness()[h]).as("evenness").isCloseTo(evenness, within(CLOSE));
            assertThat(found.distance()[h]).as("distance").isCloseTo(distance, within(CLOSE * keys));
            for (int k = 0; k < keys; k++) {
                assertThat(found.profile()[h][k]).as("profile at %d", k).isCloseTo(profile[k], within(CLOSE));
                double alpha = 0;
                double above = 0;
                for (int b = 0; b < weights.size(0); b++) {
                    alpha += shares[b * keys + k] / weights.size(0);
                    above += shares[b * keys + k] > 0.1 ? 1.0 / weights.size(0) : 0;
                }
                assertThat(found.alpha(h, k)).as("alpha %d", k).isCloseTo(alpha, within(CLOSE));
                assertThat(found.sinkShare(h, k, 0.1)).as("sink %d", k).isEqualTo(above);
            }
            if (queries <= StatisticsObserver.THUMBNAIL && keys == queries) {
                double p = a[h * queries * keys] == 0 ? 0 : 1; // the first query sees one key
                assertThat((double) found.thumbnail()[h][0][0]).isCloseTo(p, within(1e-3));
            }
        }
    }

    /** Mean over the batch and over the queries that see the key of cos(q, k): (H, Nk). */
    static Tensor cosines(Tensor q, Tensor k, int front) {
        Tensor all = q.div(Reductions.norms(q).unsqueeze(-1)).matmul(k.div(Reductions.norms(k).unsqueeze(-1))
                .transpose(-2, -1))
                .tril(front);
        Tensor sums = Reductions.sum(Reductions.mean(all, 0), 1);
        return sums.div(RowSums.seeing(q.size(2), k.size(2), true, q)).mul(new Scalar(1));
    }
}
