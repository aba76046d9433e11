package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Attention and its gradients written straight from the equations in float64, with the whole weight matrix in memory.
 */
final class NaiveAttention {
    final double[] out;
    final double[] lse;
    double[] dq;
    double[] dk;
    double[] dv;
    double[] dTable;
    double[] dDense;
    /**
     * Largest root of the summed squares of what one entry of dq or dk adds up, before p dP and p delta cancel in
     * dS = p (dP - delta): with a single key the gradient is exactly 0, but float32 rounding is that of the terms.
     */
    double logitGradientSize;
    private double[] dqSquares;
    private double[] dkSquares;

    private final Rows q;
    private final Rows k;
    private final Rows v;
    private final AttentionSpec spec;
    private final double scale;
    private final double[] weights;

    NaiveAttention(Rows q, Rows k, Rows v, AttentionSpec spec) {
        this.q = copy(q);
        this.k = copy(k);
        this.v = copy(v);
        this.spec = spec;
        scale = Float.isNaN(spec.scale()) ? 1 / Math.sqrt(q.width()) : spec.scale();
        out = new double[q.batch() * q.heads() * q.rows() * v.width()];
        lse = new double[q.batch() * q.heads() * q.rows()];
        weights = new double[lse.length * k.rows()];
        int row = 0;
        for (int b = 0; b < q.batch(); b++) {
            for (int h = 0; h < q.heads(); h++) {
                for (int i = 0; i < q.rows(); i++, row++) {
                    attend(b, h, i, row);
                }
            }
        }
    }

    private void attend(int b, int h, int i, int row) {
        int keys = k.rows();
        double[] s = new double[keys];
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < keys; j++) {
            s[j] = visible(b, h, i, j) ? logit(b, h, i, j) : Double.NEGATIVE_INFINITY;
            max = Math.max(max, s[j]);
        }
        double sum = 0;
        for (int j = 0; j < keys; j++) {
            sum += max == Double.NEGATIVE_INFINITY ? 0 : Math.exp(s[j] - max);
        }
        lse[row] = max + Math.log(sum);
        if (sum == 0) {
            lse[row] = Double.NEGATIVE_INFINITY;
        }
        for (int j = 0; j < keys; j++) {
            double p = spec.normalizer() == Normalizer.SIGMOID ? 1 / (1 + Math.exp(-s[j]))
                    : sum == 0 ? 0 : Math.exp(s[j] - lse[row]);
            weights[row * keys + j] = p;
            for (int c = 0; c < v.width(); c++) {
                out[row * v.width() + c] += p * at(v, b, kvHead(h), j, c);
            }
        }
    }

    void backward(Rows outGradient, double[] dLse) {
        Rows dOut = copy(outGradient);
        int keys = k.rows();
        dq = new double[lse.length * q.width()];
        dk = new double[k.batch() * k.heads() * keys * k.width()];
        dv = new double[v.batch() * v.heads() * keys * v.width()];
        dqSquares = new double[dq.length];
        dkSquares = new double[dk.length];
        dTable = spec.bias() instanceof Bias.RelativeTable t ? new double[q.heads() * t.width()] : null;
        dDense = spec.bias() instanceof Bias.Dense d
                ? new double[d.values().batch() * d.values().heads() * q.rows() * keys] : null;
        int row = 0;
        for (int b = 0; b < q.batch(); b++) {
            for (int h = 0; h < q.heads(); h++) {
                for (int i = 0; i < q.rows(); i++, row++) {
                    backward(b, h, i, row, dOut, dLse == null ? 0 : dLse[row]);
                }
            }
        }
        logitGradientSize = Math.sqrt(Math.max(Arrays.stream(dqSquares).max().orElse(0),
                Arrays.stream(dkSquares).max().orElse(0)));
    }

    private void backward(int b, int h, int i, int row, Rows dOut, double dLse) {
        int keys = k.rows();
        double delta = -dLse;
        double[] dp = new double[keys];
        for (int j = 0; j < keys; j++) {
            for (int c = 0; c < v.width(); c++) {
                dp[j] += at(dOut, b, h, i, c) * at(v, b, kvHead(h), j, c);
                dv[((b * k.heads() + kvHead(h)) * keys + j) * v.width() + c] += weights[row * keys + j]
                        * at(dOut, b, h, i, c);
            }
            delta += weights[row * keys + j] * dp[j];
        }
        for (int j = 0; j < keys; j++) {
            double p = weights[row * keys + j];
            double ds = spec.normalizer() == Normalizer.SIGMOID ? dp[j] * p * (1 - p) : p * (dp[j] - delta);
            if (!visible(b, h, i, j)) {
                continue;
            }
            double size = scale * (spec.normalizer() == Normalizer.SIGMOID ? ds : p
                    * (Math.abs(dp[j]) + Math.abs(delta)));
            for (int c = 0; c < q.width(); c++) {
                int atQuery = row * q.width() + c;
                int atKey = ((b * k.heads() + kvHead(h)) * keys + j) * k.width() + c;
                dq[atQuery] += scale * ds * at(k, b, kvHead(h), j, c);
                dk[atKey] += scale * ds * at(q, b, h, i, c);
                dqSquares[atQuery] += Math.pow(size * at(k, b, kvHead(h), j, c), 2);
                dkSquares[atKey] += Math.pow(size * at(q, b, h, i, c), 2);
            }
            if (spec.bias() instanceof Bias.RelativeTable t) {
                dTable[h * t.width() + entry(t, i, j)] += ds;
            }
            if (spec.bias() instanceof Bias.Dense d) {
                Rows values = d.values();
                int bb = values.batch() == 1 ? 0 : b;
                int hh = values.heads() == 1 ? 0 : h;
                dDense[((bb * values.heads() + hh) * q.rows() + i) * keys + j] += ds;
            }
        }
    }

    private double logit(int b, int h, int i, int j) {
        double dot = 0;
        for (int c = 0; c < q.width(); c++) {
            dot += at(q, b, h, i, c) * at(k, b, kvHead(h), j, c);
        }
        double bias = switch (spec.bias()) {
            case Bias.None none -> 0;
            case Bias.Alibi alibi -> alibi.slopes()[h] * (double) (j - i - alibi.offset());
            case Bias.RelativeTable t -> get(t.table(), h * (long) t.width() + entry(t, i, j));
            case Bias.Dense d -> at(d.values(), d.values().batch() == 1 ? 0 : b, d.values().heads() == 1 ? 0 : h, i, j);
        };
        return scale * dot + bias + spec.logitBias();
    }

    private static int entry(Bias.RelativeTable table, int i, int j) {
        return Math.clamp(j - i - table.offset(), -table.left(), table.right()) + table.left();
    }

    private boolean visible(int b, int h, int i, int j) {
        boolean exists = switch (spec.padding()) {
            case KeyPadding.None none -> true;
            case KeyPadding.Lengths lengths -> j < lengths.lengths()[b];
            case KeyPadding.Flags flags -> flags.exists().get(ValueLayout.JAVA_BYTE, (long) b * k.rows() + j) != 0;
        };
        return exists && switch (spec.mask()) {
            case Mask.Full full -> true;
            case Mask.Causal causal -> j <= i + causal.offset();
            case Mask.SlidingWindow w -> j >= i + w.offset() - w.left() && j <= i + w.offset() + w.right();
            case Mask.Placed placed -> j <= placed.positions()[b * q.rows() + i];
            case Mask.BlockSparse sparse -> listed(sparse, h, i, j) && (!sparse.causal() || j <= i + sparse.offset());
        };
    }

    private boolean listed(Mask.BlockSparse sparse, int h, int i, int j) {
        int[] offsets = sparse.offsets();
        int[] blocks = sparse.blocks();
        int row = (offsets.length - 1 == sparse.queryBlocks() ? 0 : h * sparse.queryBlocks()) + i / sparse.queryBlock();
        for (int at = offsets[row]; at < offsets[row + 1]; at++) {
            if (blocks[at] == j / sparse.keyBlock()) {
                return true;
            }
        }
        return false;
    }

    private int kvHead(int h) {
        return h / (q.heads() / k.heads());
    }

    private static double at(Rows rows, int b, int h, int i, int c) {
        return get(rows.data(), rows.offset(b, h, i) + c);
    }

    /** A copy that is quick to read in any order. */
    private static Rows copy(Rows rows) {
        MemorySegment data = MemorySegment.ofArray(AttentionProblem.floats(rows));
        return Rows.contiguous(data, rows.batch(), rows.heads(), rows.rows(), rows.width());
    }

    private static double get(MemorySegment data, long index) {
        return data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, index * Float.BYTES);
    }
}
