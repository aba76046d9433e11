package io.heed.kernels;

import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What both passes of {@link GatherAttention} do where every query has a list of its own: channels lie in the lanes
 * instead of queries, as a block of one query would leave all lanes but one empty.
 */
final class GatherSingles {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final Scratch KEYS = new Scratch();
    private static final Scratch VALUES = new Scratch();
    private static final Scratch LOGITS = new Scratch();
    private static final Scratch GRADIENTS = new Scratch();
    private static final int TILE = GatherTiles.TILE_KEYS;
    /** Queries of a task. */
    static final int RUN = 64;

    private final Rows k;
    private final Rows v;
    private final KeyLists lists;
    private final int keyRow;
    private final int valueRow;

    GatherSingles(Rows k, Rows v, KeyLists lists) {
        this.k = k;
        this.v = v;
        this.lists = lists;
        keyRow = Panels.padded(k.width());
        valueRow = Panels.padded(v.width());
    }

    /** Keys that a query sees: {@code list} is its row of the lists, {@code query} its place among the seen numbers. */
    private int length(int list, int query) {
        return lists.seen() == null ? lists.offsets()[list + 1] - lists.offsets()[list] : lists.seen()[query];
    }

    /**
     * One query's weighted values, not yet divided by their sum.
     *
     * @param q          scaled, in powers of two
     * @param out        of a padded row, written
     * @param statistics written: the reference of the powers, and the sum of weights
     */
    void attend(int b, int kvHead, int list, int query, float[] q, int qAt, float[] out, float[] statistics) {
        float[] keys = KEYS.atLeast(TILE * keyRow);
        float[] values = VALUES.atLeast(TILE * valueRow);
        float[] weights = LOGITS.atLeast(TILE + LANES);
        int from = lists.offsets()[list];
        int length = length(list, query);
        Arrays.fill(out, 0, valueRow, 0f);
        float reference = SoftmaxRows.UNSEEN;
        float sum = 0f;
        for (int start = 0; start < length; start += TILE) {
            int count = Math.min(TILE, length - start);
            GatherTiles.gather(k, b, kvHead, lists.keys(), from + start, count, keys, keyRow);
            GatherTiles.gather(v, b, kvHead, lists.keys(), from + start, count, values, valueRow);
            RowDots.dots(keys, count, keyRow, q, qAt, weights);
            float next = Math.max(reference, RowReduction.max(weights, 0, count));
            float factor = (float) Math.pow(2, reference - next);
            weigh(weights, count, next);
            sum = sum * factor + RowReduction.sum(weights, 0, count);
            if (start > 0) {
                Panels.scale(out, 0, valueRow, factor);
            }
            combine(weights, count, values, valueRow, out, 0);
            reference = next;
        }
        statistics[0] = reference;
        statistics[1] = sum;
    }

    /**
     * Adds one query's share of dK and dV, and its dQ.
     *
     * @param rows      q scaled in powers of two at {@code qAt}, dOut at {@code gradientAt}, dQ at {@code toAt},
     *                  written, not yet scaled
     * @param reference its log-sum-exp in powers of two
     * @param delta     sum of dOut * out
     * @param sums      dK and dV side by side for each key, from {@code sumsAt}
     */
    void differentiate(int b, int kvHead, int list, int query, float[] rows, int qAt, int gradientAt, int toAt,
            float reference, float delta, float[] sums, int sumsAt) {
        float[] keys = KEYS.atLeast(TILE * keyRow);
        float[] values = VALUES.atLeast(TILE * valueRow);
        float[] weights = LOGITS.atLeast(TILE + LANES);
        float[] gradients = GRADIENTS.atLeast(TILE + LANES);
        int from = lists.offsets()[list];
        int length = length(list, query);
        Arrays.fill(rows, toAt, toAt + keyRow, 0f);
        for (int start = 0; start < length; start += TILE) {
            int count = Math.min(TILE, length - start);
            GatherTiles.gather(k, b, kvHead, lists.keys(), from + start, count, keys, keyRow);
            GatherTiles.gather(v, b, kvHead, lists.keys(), from + start, count, values, valueRow);
            RowDots.dots(keys, count, keyRow, rows, qAt, weights);
            RowDots.dots(values, count, valueRow, rows, gradientAt, gradients);
            weigh(weights, count, reference);
            for (int c = 0; c < count; c += LANES) {
                FloatVector.fromArray(FLOAT, gradients, c).sub(delta).mul(FloatVector.fromArray(FLOAT, weights, c))
                        .intoArray(gradients, c);
            }
            combine(gradients, count, keys, keyRow, rows, toAt);
            for (int t = 0; t < count; t++) {
                int at = sumsAt + lists.keys()[from + start + t] * (keyRow + valueRow);
                addTimes(gradients[t], rows, qAt, keyRow, sums, at);
                addTimes(weights[t], rows, gradientAt, valueRow, sums, at + keyRow);
            }
        }
    }

    /** 2^(x - reference); what follows the {@code count} numbers up to a vector becomes 0. */
    private static void weigh(float[] x, int count, float reference) {
        Arrays.fill(x, count, (count + LANES - 1) / LANES * LANES, Float.NEGATIVE_INFINITY);
        for (int c = 0; c < count; c += LANES) {
            Exponential.exp2(FloatVector.fromArray(FLOAT, x, c).sub(reference)).intoArray(x, c);
        }
    }

    /** to += sum_t factors_t row_t. */
    private static void combine(float[] factors, int count, float[] rows, int row, float[] to, int toAt) {
        for (int c = 0; c < row; c += LANES) {
            FloatVector sum = FloatVector.fromArray(FLOAT, to, toAt + c);
            for (int t = 0, at = c; t < count; t++, at += row) {
                sum = FloatVector.fromArray(FLOAT, rows, at).fma(FloatVector.broadcast(FLOAT, factors[t]), sum);
            }
            sum.intoArray(to, toAt + c);
        }
    }

    /** to += factor row. */
    private static void addTimes(float factor, float[] from, int fromAt, int row, float[] to, int toAt) {
        FloatVector times = FloatVector.broadcast(FLOAT, factor);
        for (int c = 0; c < row; c += LANES) {
            FloatVector.fromArray(FLOAT, from, fromAt + c).fma(times, FloatVector.fromArray(FLOAT, to, toAt + c))
                    .intoArray(to, toAt + c);
        }
    }
}
