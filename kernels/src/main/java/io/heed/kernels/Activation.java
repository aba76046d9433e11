package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** What a model's MLP applies to its hidden units, in place. */
public enum Activation {
    /** x / (1 + exp(-x)). */
    SILU,
    /** x Phi(x) with the exact normal distribution. */
    GELU,
    /** Its approximation by a hyperbolic tangent. */
    GELU_TANH,
    /** max(x, 0). */
    RELU;

    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final float TANH_FACTOR = (float) (2 * Math.sqrt(2 / Math.PI));
    private static final float TANH_CUBE = 0.044715f;

    /**
     * x becomes act(x), row by row, so that a row's result does not depend on the rows beside it.
     *
     * @param x (rows, width)
     */
    public void apply(float[] x, int rows, int width) {
        int whole = switch (this) {
            case SILU, GELU_TANH -> width / LANES * LANES;
            case GELU, RELU -> 0;
        };
        for (int row = 0, at = 0; row < rows; row++, at += width) {
            if (this == SILU) {
                silu(x, at, whole);
            } else if (this == GELU_TANH) {
                geluTanh(x, at, whole);
            }
            for (int i = whole; i < width; i++) {
                x[at + i] = one(x[at + i]);
            }
        }
    }

    /**
     * gate becomes act(gate) * up.
     *
     * @param gate (rows, width)
     * @param up   (rows, width)
     */
    public void gate(float[] gate, float[] up, int rows, int width) {
        apply(gate, rows, width);
        int length = rows * width;
        int i = 0;
        for (; i <= length - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, gate, i).mul(FloatVector.fromArray(SPECIES, up, i)).intoArray(gate, i);
        }
        for (; i < length; i++) {
            gate[i] *= up[i];
        }
    }

    private static void silu(float[] x, int at, int length) {
        for (int i = at; i < at + length; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, i);
            v.div(Exponential.exp(v.neg()).add(1f)).intoArray(x, i);
        }
    }

    /** 0.5 x (1 + tanh(u)) = x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3). */
    private static void geluTanh(float[] x, int at, int length) {
        for (int i = at; i < at + length; i += LANES) {
            FloatVector v = FloatVector.fromArray(SPECIES, x, i);
            FloatVector twice = v.mul(v).mul(v).mul(TANH_CUBE).add(v).mul(TANH_FACTOR);
            v.div(Exponential.exp(twice.neg()).add(1f)).intoArray(x, i);
        }
    }

    private float one(float x) {
        return switch (this) {
            case SILU -> (float) (x / (1 + Math.exp(-x)));
            case GELU_TANH ->
                    (float) (x / (1 + Math.exp(-TANH_FACTOR * ((double) x + TANH_CUBE * (double) x * x * x))));
            case GELU -> (float) (0.5 * x * complementaryError(-x / Math.sqrt(2)));
            case RELU -> Math.max(x, 0);
        };
    }

    /** erfc by a continued fraction in the tail and Taylor's series near 0, to double precision's needs of a float. */
    private static double complementaryError(double x) {
        double size = Math.abs(x);
        double value;
        if (size < 3) {
            double term = size;
            double sum = size;
            for (int n = 1; Math.abs(term) > 1e-17 * sum; n++) {
                term *= -size * size / n;
                sum += term / (2 * n + 1);
            }
            value = 1 - 2 / Math.sqrt(Math.PI) * sum;
        } else {
            double fraction = 0;
            for (int n = 40; n >= 1; n--) {
                fraction = n / 2.0 / (size + fraction);
            }
            value = Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction);
        }
        return x < 0 ? 2 - value : value;
    }
}
