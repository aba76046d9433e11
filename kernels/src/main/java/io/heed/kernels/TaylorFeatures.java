package io.heed.kernels;

import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The Taylor map phi and its derivative for some tokens at once, laid out with the tokens side by side: x is (f, row),
 * phi(x) is (P, row), so that every operation is a vector's over tokens. {@code row} is a whole number of vectors.
 */
final class TaylorFeatures {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;

    private final int width; // f
    private final int row;
    private final float linear; // f^(-1/4)
    private final float square; // f^(-1/2)
    private final float diagonal; // (2 f)^(-1/2)

    TaylorFeatures(int width, int row) {
        this.width = width;
        this.row = row;
        linear = (float) Math.pow(width, -0.25);
        square = (float) Math.pow(width, -0.5);
        diagonal = (float) Math.pow(2.0 * width, -0.5);
    }

    /** phi of the first {@code columns} tokens, a whole number of vectors. */
    void map(float[] x, float[] phi, int columns) {
        Arrays.fill(phi, 0, columns, 1);
        int p = 1;
        for (int a = 0; a < width; a++, p++) {
            scaled(x, a * row, linear, phi, p * row, columns);
        }
        for (int a = 0; a < width; a++) {
            product(x, a * row, a * row, diagonal, phi, p++ * row, columns);
            for (int b = a + 1; b < width; b++) {
                product(x, a * row, b * row, square, phi, p++ * row, columns);
            }
        }
    }

    /** Adds to dx (f, row) what the gradient dphi (P, row) makes of it at x. */
    void addGradient(float[] dphi, float[] x, float[] dx, int columns) {
        int p = 1;
        for (int a = 0; a < width; a++, p++) {
            axpy(linear, dphi, p * row, dx, a * row, columns);
        }
        for (int a = 0; a < width; a++) {
            addProduct(dphi, p++ * row, 2 * diagonal, x, a * row, dx, a * row, columns);
            for (int b = a + 1; b < width; b++, p++) {
                addProduct(dphi, p * row, square, x, b * row, dx, a * row, columns);
                addProduct(dphi, p * row, square, x, a * row, dx, b * row, columns);
            }
        }
    }

    private static void scaled(float[] x, int at, float factor, float[] to, int toAt, int columns) {
        for (int c = 0; c < columns; c += LANES) {
            FloatVector.fromArray(SPECIES, x, at + c).mul(factor).intoArray(to, toAt + c);
        }
    }

    private static void product(float[] x, int first, int second, float factor, float[] to, int toAt, int columns) {
        for (int c = 0; c < columns; c += LANES) {
            FloatVector.fromArray(SPECIES, x, first + c).mul(FloatVector.fromArray(SPECIES, x, second + c)).mul(factor)
                    .intoArray(to, toAt + c);
        }
    }

    private static void addProduct(float[] g, int gAt, float factor, float[] x, int at, float[] to, int toAt,
            int columns) {
        for (int c = 0; c < columns; c += LANES) {
            FloatVector.fromArray(SPECIES, g, gAt + c).mul(factor).fma(FloatVector.fromArray(SPECIES, x, at + c),
                    FloatVector.fromArray(SPECIES, to, toAt + c)).intoArray(to, toAt + c);
        }
    }

    /** to += factor x, {@code columns} floats, a whole number of vectors. */
    static void axpy(float factor, float[] x, int at, float[] to, int toAt, int columns) {
        FloatVector factors = FloatVector.broadcast(SPECIES, factor);
        for (int c = 0; c < columns; c += LANES) {
            FloatVector.fromArray(SPECIES, x, at + c).fma(factors, FloatVector.fromArray(SPECIES, to, toAt + c))
                    .intoArray(to, toAt + c);
        }
    }
}
