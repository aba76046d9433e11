package io.heed.kernels;

import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Some queries of one head against some blocks of keys: the logits, and what rows make of them. In this thread's
 * scratch.
 */
final class LandmarkTile {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int STEP = Matrix.ROWS;
    private static final int QUERIES = 96;
    private static final int SLOTS = 128;
    private static final ThreadLocal<LandmarkTile> SCRATCH = ThreadLocal.withInitial(LandmarkTile::new);

    LandmarkKeys head;
    int keyBlocks; // blocks of a tile at most
    int columns; // slots of a tile at most
    int gateRow; // keyBlocks and a vector

    int first; // block of keys
    int count; // blocks of keys
    float[] queries = new float[0]; // scaled, (steps, keyRow)
    float[] logits = queries; // then weights, (steps, columns)
    float[] gates = queries; // (steps, gateRow)
    float[] inner = queries; // weights within blocks, (steps, columns)
    float[] gradients = queries; // of weights, then of logits, (steps, columns)
    float[] gateGradients = queries; // (steps, gateRow)

    private LandmarkTile() { }

    /** This thread's, for a head. */
    static LandmarkTile of(LandmarkKeys head) {
        LandmarkTile it = SCRATCH.get();
        it.head = head;
        it.keyBlocks = Math.max(1, SLOTS / head.slots);
        it.columns = it.keyBlocks * head.slots;
        it.gateRow = Panels.padded(it.keyBlocks);
        int steps = QUERIES + STEP;
        it.queries = room(it.queries, steps * head.keyRow);
        it.logits = room(it.logits, steps * it.columns + STEP);
        it.gates = room(it.gates, steps * it.gateRow + STEP);
        return it;
    }

    void prepareGradients() {
        int steps = QUERIES + STEP;
        inner = room(inner, steps * columns);
        gradients = room(gradients, steps * columns + STEP);
        gateGradients = room(gateGradients, steps * gateRow + STEP);
    }

    private static float[] room(float[] array, int floats) {
        return array.length < floats ? new float[floats] : array;
    }

    /** Queries of a tile. */
    static int queriesFrom(int from, int rows) {
        return Math.min(QUERIES, rows - from);
    }

    static int steps(int rows) {
        return (rows + STEP - 1) / STEP * STEP;
    }

    void loadQueries(Rows q, int b, int h, int from, int rows) {
        Panels.read(q.data(), q.offset(b, h, from), q.rowStride(), rows, q.width(), queries, 0, head.keyRow);
        Arrays.fill(queries, rows * head.keyRow, steps(rows) * head.keyRow, 0);
        Panels.scale(queries, 0, rows * head.keyRow, scale());
    }

    float scale() {
        return (float) (1 / Math.sqrt(head.keyWidth));
    }

    /**
     * Logits of {@code rows} queries against the blocks from {@code firstBlock} up to {@code lastBlock}, as many as
     * fit.
     */
    void multiply(int rows, int firstBlock, int lastBlock) {
        first = firstBlock;
        count = Math.min(keyBlocks, lastBlock + 1 - firstBlock);
        Matrix.multiply(steps(rows), count * head.slots, head.keyWidth, queries, 0, head.keyRow, 1, head.turnedKeys,
                first * head.slots, head.all, logits, 0, columns);
        for (int i = 0; i < count; i++) {
            int at = (first + i) * head.keyRow;
            for (int r = 0; r < rows; r++) {
                gates[r * gateRow + i] = head.hiddenLandmarks[first + i]
                        + RowReduction.dot(queries, r * head.keyRow, head.landmarks, at, head.keyRow);
            }
        }
    }

    /** Blocks of this tile that lie wholly before query {@code position}. */
    int earlier(int position) {
        return Math.clamp(position / head.block - first, 0, count);
    }

    /** Whether this tile has the query's own block. */
    boolean own(int position) {
        int mine = position / head.block - first;
        return mine >= 0 && mine < count;
    }

    /** Tokens of its own block that a query sees. */
    int seen(int position) {
        return Math.min(position % head.block + 1, head.block - 1);
    }

    /** Hides what row r must not see, and returns the largest logit of its gate in this tile; -infinity for none. */
    float hide(int r, int position) {
        int row = r * columns;
        int earlier = earlier(position);
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < earlier; i++) {
            int at = row + i * head.slots;
            addHidden(at, (first + i) * head.slots);
            if (RowReduction.max(logits, at, head.slots) == Float.NEGATIVE_INFINITY) {
                gates[r * gateRow + i] = Float.NEGATIVE_INFINITY;
            }
            largest = Math.max(largest, gates[r * gateRow + i]);
        }
        if (own(position)) {
            int at = row + earlier * head.slots;
            addHidden(at, (first + earlier) * head.slots);
            Arrays.fill(logits, at + seen(position), at + head.slots, Float.NEGATIVE_INFINITY);
            largest = Math.max(largest, RowReduction.max(logits, at, head.slots));
            earlier++;
        }
        Arrays.fill(logits, row + earlier * head.slots, row + count * head.slots, Float.NEGATIVE_INFINITY);
        return largest;
    }

    private void addHidden(int at, int slot) {
        for (int c = 0; c < head.slots; c += LANES) {
            FloatVector.fromArray(SPECIES, logits, at + c).add(FloatVector.fromArray(SPECIES, head.hidden, slot + c))
                    .intoArray(logits, at + c);
        }
    }

    /**
     * Turns the logits of row r, hidden ones hidden, into exp(gate - reference) times the weights within blocks.
     *
     * @return their sum
     */
    float weigh(int r, int position, float reference) {
        int row = r * columns;
        int earlier = earlier(position);
        float sum = 0;
        for (int i = 0; i < earlier; i++) {
            int at = row + i * head.slots;
            float gate = gates[r * gateRow + i];
            if (gate == Float.NEGATIVE_INFINITY) {
                Arrays.fill(logits, at, at + head.slots, 0);
                continue;
            }
            float share = (float) Math.exp(gate - reference);
            float within = exponential(at, RowReduction.max(logits, at, head.slots));
            Panels.scale(logits, at, head.slots, share / within);
            sum += share;
        }
        if (own(position)) {
            sum += exponential(row + earlier * head.slots, reference);
            earlier++;
        }
        Arrays.fill(logits, row + earlier * head.slots, row + count * head.slots, 0);
        return sum;
    }

    /** x = exp(x - reference) over one block; returns the sum. */
    private float exponential(int at, float reference) {
        FloatVector sums = FloatVector.zero(SPECIES);
        for (int c = 0; c < head.slots; c += LANES) {
            FloatVector x = Exponential.exp2(
                    FloatVector.fromArray(SPECIES, logits, at + c).sub(reference).mul(Exponential.LOG2_E));
            sums = sums.add(x);
            x.intoArray(logits, at + c);
        }
        return RowReduction.sumOfLanes(sums);
    }

    /**
     * From the gradient of the weights of row r to that of its logits and gates; the logits become weights.
     *
     * @param logSumExp of the row's gate
     * @param delta     the sum of weights times their gradients
     */
    void differentiate(int r, int position, float logSumExp, float delta) {
        int row = r * columns;
        int earlier = earlier(position);
        for (int i = 0; i < earlier; i++) {
            int at = row + i * head.slots;
            float gate = gates[r * gateRow + i];
            if (gate == Float.NEGATIVE_INFINITY) {
                clear(at, head.slots);
                gateGradients[r * gateRow + i] = 0;
                continue;
            }
            float within = exponential(at, RowReduction.max(logits, at, head.slots));
            gateGradients[r * gateRow + i] = gated(at, 1 / within, (float) Math.exp(gate - logSumExp), delta);
        }
        if (own(position)) {
            int at = row + earlier * head.slots;
            exponential(at, logSumExp);
            for (int c = 0; c < head.slots; c += LANES) {
                FloatVector.fromArray(SPECIES, gradients, at + c).sub(delta).mul(FloatVector.fromArray(SPECIES,
                        logits, at + c))
                        .intoArray(gradients, at + c);
            }
            gateGradients[r * gateRow + earlier] = 0;
            earlier++;
        }
        clear(row + earlier * head.slots, (count - earlier) * head.slots);
        Arrays.fill(gateGradients, r * gateRow + earlier, r * gateRow + count, 0);
    }

    private void clear(int at, int length) {
        Arrays.fill(logits, at, at + length, 0);
        Arrays.fill(gradients, at, at + length, 0);
    }

    /** One gated block: logits hold exponentials; the gradient of the gate's logit is returned. */
    private float gated(int at, float inverse, float share, float delta) {
        FloatVector sums = FloatVector.zero(SPECIES);
        for (int c = 0; c < head.slots; c += LANES) {
            FloatVector weight = FloatVector.fromArray(SPECIES, logits, at + c).mul(inverse);
            weight.intoArray(inner, at + c);
            FloatVector whole = weight.mul(share);
            whole.intoArray(logits, at + c);
            FloatVector gradient = FloatVector.fromArray(SPECIES, gradients, at + c).sub(delta).mul(whole);
            sums = sums.add(gradient);
            gradient.intoArray(gradients, at + c);
        }
        float total = RowReduction.sumOfLanes(sums);
        for (int c = 0; c < head.slots; c += LANES) {
            FloatVector.fromArray(SPECIES, inner, at + c).mul(-total).add(FloatVector.fromArray(SPECIES, gradients,
                    at + c))
                    .intoArray(gradients, at + c);
        }
        return total;
    }
}
