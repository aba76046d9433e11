package io.heed.insight;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.tensor.Ops;

/** Sums over the rows of an attention matrix that comes in blocks. */
final class RowSums {
    private static final double EPSILON = 1e-8;

    private final boolean causal;
    private final int batch;
    private final int heads;
    private final int queries;
    private final int keys;
    private final double[] raw; // (B, H, Nk)
    private final double[] share;
    private final double[] mass;
    private final double[] largest;
    private final double[] entropy;
    private final double[] evenness;
    private final double[][] profile;
    private final double[][][] thumbnail;
    private int evenRows;

    RowSums(AttentionCall call, boolean causal) {
        this.causal = causal;
        batch = Math.toIntExact(call.queries().size(0));
        heads = Math.toIntExact(call.queries().size(1));
        queries = Math.toIntExact(call.queries().size(2));
        keys = Math.toIntExact(call.keys().size(2));
        raw = new double[batch * heads * keys];
        share = new double[raw.length];
        mass = new double[heads];
        largest = new double[heads];
        entropy = new double[heads];
        evenness = new double[heads];
        profile = new double[heads][keys];
        int bins = bins();
        thumbnail = new double[heads][bins][bins];
    }

    /** How many queries see each key: (Nk), a float tensor like {@code like}. */
    static Tensor seeing(long queries, long keys, boolean causal, Tensor like) {
        float[] counts = new float[Math.toIntExact(keys)];
        for (int k = 0; k < counts.length; k++) {
            counts[k] = causal ? queries - Math.max(0, k - (keys - queries)) : queries;
        }
        return Ops.of(counts).to(like.device(), Ops.type(like));
    }

    /** Adds the weights (B, H, count, Nk) of the queries from {@code from} on. */
    void add(long from, Tensor weights) {
        Tensor absolute = weights.abs();
        Tensor shares = absolute.div(Ops.shift(absolute.sum(new long[] {-1}, true, new ScalarTypeOptional()), EPSILON));
        accumulate(raw, Reductions.sum(weights, 2));
        accumulate(share, Reductions.sum(shares, 2));
        byHead(mass, Reductions.sum(weights, 3));
        byHead(largest, weights.amax(new long[] {-1}, false));
        // (B, H, count)
        Tensor entropies = Reductions.sum(shares.mul(shares.clamp_min(new Scalar(1e-30)).log()), 3).neg();
        byHead(entropy, entropies);
        byHead(evenness, relative(entropies, from));
        byDistance(shares, from);
        bin(shares.select(0, 0), from);
    }

    /** Entropies over that of equal shares; rows that see one key only count as 0 and are left out of the mean. */
    private Tensor relative(Tensor entropies, long from) {
        float[] inverse = new float[Math.toIntExact(entropies.size(2))];
        for (int i = 0; i < inverse.length; i++) {
            long visible = causal ? from + i + 1 + keys - queries : keys;
            if (visible > 1) {
                inverse[i] = (float) (1 / Math.log(visible));
                evenRows++;
            }
        }
        return entropies.mul(Ops.of(inverse).to(entropies.device(), Ops.type(entropies)));
    }

    /**
     * Sums the diagonals of a block: the columns are reversed, each row is shifted by one more than the row above
     * (which is what reading a padded matrix with rows one shorter does), and then a diagonal is a column.
     */
    private void byDistance(Tensor shares, long from) {
        long rows = shares.size(2);
        Tensor reversed = Reductions.sum(shares, 0).flip(2); // (H, rows, Nk)
        Tensor padded = torch.cat(new TensorVector(reversed, reversed.new_zeros(heads, rows, rows)), 2);
        Tensor skewed = padded.flatten(1, 2).narrow(1, 0, rows * (keys + rows - 1)).view(heads, rows, keys + rows - 1);
        float[][] sums = Reductions.rows(Reductions.sum(skewed, 1));
        for (int head = 0; head < heads; head++) {
            for (int u = 0; u < sums[head].length; u++) {
                int distance = Math.toIntExact(Math.abs(keys - queries + from - (keys - 1) + u));
                if (distance < keys) {
                    profile[head][distance] += sums[head][u];
                }
            }
        }
    }

    /** Adds rows of (H, rows, Nk) into the thumbnail's squares. */
    private void bin(Tensor shares, long from) {
        int bins = bins();
        int rows = Math.toIntExact(shares.size(1));
        float[] columns = new float[keys * bins];
        for (int k = 0; k < keys; k++) {
            columns[k * bins + (int) ((long) k * bins / keys)] = 1;
        }
        // (H, rows, bins)
        Tensor binned = shares.matmul(Ops.of(columns, keys, bins).to(shares.device(), Ops.type(shares)));
        float[] values = Ops.floats(binned);
        for (int head = 0; head < heads; head++) {
            for (int row = 0; row < rows; row++) {
                double[] into = thumbnail[head][(int) ((from + row) * bins / queries)];
                for (int bin = 0; bin < bins; bin++) {
                    into[bin] += values[(head * rows + row) * bins + bin];
                }
            }
        }
    }

    AttentionStatistics statistics(AttentionStatistics.KeyGeometry geometry) {
        double rows = (double) batch * queries;
        double[] distance = new double[heads];
        double[][] means = new double[heads][keys];
        for (int head = 0; head < heads; head++) {
            for (int d = 0; d < keys; d++) {
                distance[head] += d * profile[head][d] / rows;
                means[head][d] = profile[head][d] / (batch * pairs(d));
            }
        }
        return new AttentionStatistics(columns(raw), columns(share), divided(mass, rows), divided(largest, rows),
                divided(entropy, rows), divided(evenness, Math.max(1, batch * (double) evenRows)), distance, means,
                geometry,
                squares());
    }

    /** Pairs of a query and a key at distance {@code d}. */
    private double pairs(int d) {
        int front = keys - queries;
        double past = Math.min(queries, Math.max(1, keys - d));
        return causal || d == 0 ? past : past + Math.max(0, queries - d - front);
    }

    private float[][][] columns(double[] sums) {
        float[][][] columns = new float[batch][heads][keys];
        for (int b = 0; b < batch; b++) {
            for (int h = 0; h < heads; h++) {
                for (int k = 0; k < keys; k++) {
                    int seeing = causal ? queries - Math.max(0, k - (keys - queries)) : queries;
                    columns[b][h][k] = (float) (sums[(b * heads + h) * keys + k] / seeing);
                }
            }
        }
        return columns;
    }

    private float[][][] squares() {
        int bins = bins();
        int[] rowsOf = new int[bins];
        for (int i = 0; i < queries; i++) {
            rowsOf[(int) ((long) i * bins / queries)]++;
        }
        float[][][] squares = new float[heads][bins][bins];
        for (int h = 0; h < heads; h++) {
            for (int r = 0; r < bins; r++) {
                for (int c = 0; c < bins; c++) {
                    squares[h][r][c] = (float) (thumbnail[h][r][c] / Math.max(1, rowsOf[r]));
                }
            }
        }
        return squares;
    }

    private int bins() {
        return Math.min(queries, StatisticsObserver.THUMBNAIL);
    }

    private static void accumulate(double[] into, Tensor sums) {
        float[] values = Ops.floats(sums);
        for (int i = 0; i < into.length; i++) {
            into[i] += values[i];
        }
    }

    /** Adds (B, H, rows), summed over B and rows. */
    private static void byHead(double[] into, Tensor values) {
        float[] sums = Ops.floats(values.transpose(0, 1).flatten(1, 2).sum(new long[] {1}, false,
                new ScalarTypeOptional()));
        for (int i = 0; i < into.length; i++) {
            into[i] += sums[i];
        }
    }

    private static double[] divided(double[] sums, double by) {
        double[] means = new double[sums.length];
        for (int i = 0; i < sums.length; i++) {
            means[i] = sums[i] / by;
        }
        return means;
    }
}
