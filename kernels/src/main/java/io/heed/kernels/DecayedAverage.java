package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The time mixing of RWKV-4: in every channel an average of all earlier values, weighted by exponentials of their keys
 * that decay by w a token, with a bonus u for the current one:
 *
 * <pre>
 *   y_t = (sum_{j<t} e^{w (t-1-j) + k_j} v_j + e^{u + k_t} v_t) / (sum_{j<t} e^{w (t-1-j) + k_j} + e^{u + k_t})
 * </pre>
 *
 * <p>A scan with a running exponent p: the sums are a e^p and b e^p, so nothing overflows. Vectors run over channels;
 * the backward pass goes through the scan again, then back with a second running exponent.
 */
public final class DecayedAverage {
    /** The exponent of an empty sum. */
    public static final float NOTHING = -1e38f;

    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;

    private DecayedAverage() { }

    /**
     * y.
     *
     * @param k     (1, B, N, D)
     * @param v     (1, B, N, D)
     * @param w     D floats, at most 0
     * @param u     D floats
     * @param y     (1, B, N, D)
     * @param state (3, B, D) floats, a, b and p before the first token, then after the last; null for no earlier tokens
     *              and none to follow
     */
    public static void forward(Rows k, Rows v, MemorySegment w, MemorySegment u, Rows y, MemorySegment state) {
        check(k, v, y);
        int blocks = (k.width() + LANES - 1) / LANES;
        Workers.run(k.heads() * blocks, task -> {
            int sequence = task / blocks;
            int channel = task % blocks * LANES;
            VectorMask<Float> mask = SPECIES.indexInRange(channel, k.width());
            float[] sums = new float[3 * LANES];
            exchange(state, k, sequence, channel, sums, true);
            scan(k, v, load(w, channel, mask), load(u, channel, mask), y, sums, sequence, channel, mask);
            exchange(state, k, sequence, channel, sums, false);
        });
    }

    /**
     * The gradients, without an initial state.
     *
     * @param dw (B, D) floats: a row for each sequence
     * @param du (B, D) floats, likewise
     */
    public static void backward(Rows k, Rows v, MemorySegment w, MemorySegment u, Rows dy, Rows dk, Rows dv,
                                MemorySegment dw, MemorySegment du) {
        check(k, v, dy);
        check(k, dk, dv);
        int blocks = (k.width() + LANES - 1) / LANES;
        Workers.run(k.heads() * blocks, task -> {
            int sequence = task / blocks;
            int channel = task % blocks * LANES;
            VectorMask<Float> mask = SPECIES.indexInRange(channel, k.width());
            float[] states = new float[3 * LANES * k.rows()];
            FloatVector decay = load(w, channel, mask);
            record(k, v, decay, states, sequence, channel, mask);
            reverse(k, v, decay, load(u, channel, mask), dy, dk, dv, states, dw, du, sequence, channel, mask);
        });
    }

    private static void scan(Rows k, Rows v, FloatVector w, FloatVector u, Rows y, float[] sums, int sequence,
            int channel,
                             VectorMask<Float> mask) {
        FloatVector a = FloatVector.fromArray(SPECIES, sums, 0);
        FloatVector b = FloatVector.fromArray(SPECIES, sums, LANES);
        FloatVector p = FloatVector.fromArray(SPECIES, sums, 2 * LANES);
        MemorySegment keys = k.data();
        MemorySegment values = v.data();
        MemorySegment out = y.data();
        long kAt = at(k, sequence, channel);
        long vAt = at(v, sequence, channel);
        long yAt = at(y, sequence, channel);
        for (int t = 0; t < k.rows(); t++) {
            FloatVector key = FloatVector.fromMemorySegment(SPECIES, keys, kAt, ORDER, mask);
            FloatVector value = FloatVector.fromMemorySegment(SPECIES, values, vAt, ORDER, mask);
            FloatVector bonus = key.add(u);
            FloatVector q = p.max(bonus);
            FloatVector old = Exponential.exp(p.sub(q));
            FloatVector now = Exponential.exp(bonus.sub(q));
            old.fma(a, now.mul(value)).div(old.fma(b, now)).intoMemorySegment(out, yAt, ORDER, mask);
            FloatVector faded = p.add(w);
            q = faded.max(key);
            old = Exponential.exp(faded.sub(q));
            now = Exponential.exp(key.sub(q));
            a = old.fma(a, now.mul(value));
            b = old.fma(b, now);
            p = q;
            kAt += k.rowStride() * Float.BYTES;
            vAt += v.rowStride() * Float.BYTES;
            yAt += y.rowStride() * Float.BYTES;
        }
        a.intoArray(sums, 0);
        b.intoArray(sums, LANES);
        p.intoArray(sums, 2 * LANES);
    }

    /** a, b and p before every token. */
    private static void record(Rows k, Rows v, FloatVector w, float[] states, int sequence, int channel,
                               VectorMask<Float> mask) {
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = FloatVector.zero(SPECIES);
        FloatVector p = FloatVector.broadcast(SPECIES, NOTHING);
        long kAt = at(k, sequence, channel);
        long vAt = at(v, sequence, channel);
        for (int t = 0; t < k.rows(); t++) {
            int to = 3 * LANES * t;
            a.intoArray(states, to);
            b.intoArray(states, to + LANES);
            p.intoArray(states, to + 2 * LANES);
            FloatVector key = FloatVector.fromMemorySegment(SPECIES, k.data(), kAt, ORDER, mask);
            FloatVector faded = p.add(w);
            FloatVector q = faded.max(key);
            FloatVector old = Exponential.exp(faded.sub(q));
            FloatVector now = Exponential.exp(key.sub(q));
            a = old.fma(a, now.mul(FloatVector.fromMemorySegment(SPECIES, v.data(), vAt, ORDER, mask)));
            b = old.fma(b, now);
            p = q;
            kAt += k.rowStride() * Float.BYTES;
            vAt += v.rowStride() * Float.BYTES;
        }
    }

    /**
     * With D_t the denominator of y_t, R_j = sum_{t>j} e^{w (t-1-j)} dy_t / D_t = r e^m and S_j the same of dy_t y_t /
     * D_t: dv_j = e^{u + k_j} dy_j / D_j + e^{k_j} R_j, dk_j = e^{u + k_j} dy_j / D_j (v_j - y_j) + e^{k_j} (v_j R_j -
     * S_j), and the decay of a and b at every token gives dw += e^w (a R - b S).
     */
    private static void reverse(Rows k, Rows v, FloatVector w, FloatVector u, Rows dy, Rows dk, Rows dv, float[] states,
                                MemorySegment dw, MemorySegment du, int sequence, int channel, VectorMask<Float> mask) {
        FloatVector r = FloatVector.zero(SPECIES);
        FloatVector s = FloatVector.zero(SPECIES);
        FloatVector m = FloatVector.broadcast(SPECIES, NOTHING);
        FloatVector decayGradient = FloatVector.zero(SPECIES);
        FloatVector bonusGradient = FloatVector.zero(SPECIES);
        for (int t = k.rows() - 1; t >= 0; t--) {
            FloatVector a = FloatVector.fromArray(SPECIES, states, 3 * LANES * t);
            FloatVector b = FloatVector.fromArray(SPECIES, states, 3 * LANES * t + LANES);
            FloatVector p = FloatVector.fromArray(SPECIES, states, 3 * LANES * t + 2 * LANES);
            FloatVector key = row(k, sequence, channel, t, mask);
            FloatVector value = row(v, sequence, channel, t, mask);
            FloatVector bonus = key.add(u);
            FloatVector q = p.max(bonus);
            FloatVector old = Exponential.exp(p.sub(q));
            FloatVector now = Exponential.exp(bonus.sub(q));
            FloatVector denominator = old.fma(b, now);
            FloatVector y = old.fma(a, now.mul(value)).div(denominator);
            FloatVector g = row(dy, sequence, channel, t, mask).div(denominator); // times e^-q
            FloatVector own = now.mul(g);
            FloatVector difference = value.sub(y);
            FloatVector later = Exponential.exp(key.add(m));
            FloatVector ownKey = own.mul(difference);
            store(later.fma(r, own), dv, sequence, channel, t, mask);
            store(later.fma(value.mul(r).sub(s), ownKey), dk, sequence, channel, t, mask);
            bonusGradient = bonusGradient.add(ownKey);
            decayGradient = Exponential.exp(w.add(m).add(p)).fma(r.mul(a).sub(s.mul(b)), decayGradient);
            FloatVector faded = m.add(w);
            FloatVector next = faded.max(q.neg());
            FloatVector kept = Exponential.exp(faded.sub(next));
            FloatVector added = Exponential.exp(q.neg().sub(next)).mul(g);
            r = kept.fma(r, added);
            s = kept.fma(s, added.mul(y));
            m = next;
        }
        long to = ((long) sequence * k.width() + channel) * Float.BYTES;
        decayGradient.intoMemorySegment(dw, to, ORDER, mask);
        bonusGradient.intoMemorySegment(du, to, ORDER, mask);
    }

    private static FloatVector row(Rows rows, int sequence, int channel, int t, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(SPECIES, rows.data(),
                at(rows, sequence, channel) + t * rows.rowStride() * Float.BYTES, ORDER, mask);
    }

    private static void store(FloatVector value, Rows rows, int sequence, int channel, int t, VectorMask<Float> mask) {
        value.intoMemorySegment(rows.data(), at(rows, sequence, channel) + t * rows.rowStride() * Float.BYTES, ORDER,
                mask);
    }

    private static long at(Rows rows, int sequence, int channel) {
        return (rows.offset(0, sequence, 0) + channel) * Float.BYTES;
    }

    private static FloatVector load(MemorySegment vector, int channel, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(SPECIES, vector, (long) channel * Float.BYTES, ORDER, mask);
    }

    /** Reads the sums of one block of channels from the state, or writes them there. */
    private static void exchange(MemorySegment state, Rows k, int sequence, int channel, float[] sums, boolean reads) {
        for (int part = 0; part < 3; part++) {
            for (int lane = 0; lane < LANES; lane++) {
                boolean held = state != null && channel + lane < k.width();
                long index = ((long) part * k.heads() + sequence) * k.width() + channel + lane;
                if (!reads && held) {
                    state.setAtIndex(ValueLayout.JAVA_FLOAT, index, sums[part * LANES + lane]);
                } else if (reads) {
                    sums[part * LANES + lane] = held ? state.getAtIndex(ValueLayout.JAVA_FLOAT, index) : part < 2 ? 0
                            : NOTHING;
                }
            }
        }
    }

    private static void check(Rows k, Rows v, Rows y) {
        if (!k.shape().equals(v.shape()) || !k.shape().equals(y.shape()) || k.batch() != 1) {
            throw new IllegalArgumentException("a decayed average takes rows of one shape (1, B, N, D), got "
                    + k.shape() + ", "
                    + v.shape() + " and " + y.shape());
        }
    }
}
