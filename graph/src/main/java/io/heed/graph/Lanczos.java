package io.heed.graph;

import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;

import dev.ludovic.netlib.arpack.ARPACK;
import dev.ludovic.netlib.arpack.JavaARPACK;
import org.netlib.util.doubleW;
import org.netlib.util.intW;

import io.heed.data.CounterRandom;

/**
 * A few eigenvectors of a large sparse Laplacian by ARPACK's implicitly restarted Lanczos method, from a fixed start.
 */
final class Lanczos {
    private static final int RESTARTS = 1000;
    private static final double TOLERANCE = 1e-7;
    private static final long START = 20_120_9699L;
    private static final int FRESH_START = 1;
    private static final int NOT_ALL_CONVERGED = 1;

    /** The library warns where its native form is missing; kept, because loggers without a holder lose their level. */
    private static final Logger LIBRARY = Logger.getLogger("dev.ludovic.netlib.arpack.InstanceBuilder");

    static {
        LIBRARY.setLevel(Level.SEVERE);
    }

    private Lanczos() { }

    /**
     * Eigenpairs, ascending.
     *
     * @param values  (count)
     * @param vectors (count, N)
     */
    record Result(double[] values, double[] vectors) { }

    /**
     * The {@code count} smallest eigenpairs.
     *
     * @throws IllegalStateException when ARPACK does not converge
     */
    static Result smallest(Laplacian laplacian, int count) {
        int n = laplacian.size();
        int basis = Math.min(n, Math.max(2 * count + 1, 20));
        ARPACK arpack = JavaARPACK.getInstance();
        intW state = new intW(0);
        doubleW tolerance = new doubleW(TOLERANCE);
        double[] residual = new double[n];
        CounterRandom random = new CounterRandom(START);
        Arrays.setAll(residual, i -> random.nextDouble() - 0.5);
        double[] v = new double[n * basis];
        int[] parameters = new int[11];
        parameters[0] = 1; // exact shifts
        parameters[2] = RESTARTS;
        parameters[6] = 1; // a standard problem
        int[] pointers = new int[11];
        double[] work = new double[3 * n];
        double[] workl = new double[basis * (basis + 8)];
        intW info = new intW(FRESH_START);
        while (true) {
            arpack.dsaupd(state, "I", n, "LA", count, tolerance, residual, basis, v, n, parameters, pointers, work,
                    workl,
                    workl.length, info);
            if (state.val != 1 && state.val != -1) {
                break;
            }
            laplacian.reflected(work, pointers[0] - 1, work, pointers[1] - 1);
        }
        if (info.val < 0 || info.val > 0 && info.val != NOT_ALL_CONVERGED) {
            throw new IllegalStateException("ARPACK stopped with status " + info.val);
        }
        if (info.val == NOT_ALL_CONVERGED) {
            throw new IllegalStateException("ARPACK found " + parameters[4] + " of " + count + " eigenvectors in "
                    + RESTARTS + " restarts");
        }
        double[] values = new double[count];
        double[] vectors = Arrays.copyOf(v, n * basis);
        arpack.dseupd(true, "A", new boolean[basis], values, vectors, n, 0, "I", n, "LA", new intW(count), TOLERANCE,
                residual,
                basis, v, n, parameters, pointers, work, workl, workl.length, info);
        if (info.val != 0) {
            throw new IllegalStateException("ARPACK gave no eigenvectors, status " + info.val);
        }
        // ascending eigenvalues of 2 I - L are descending ones of L
        double[] ascending = new double[count];
        double[] ordered = new double[count * n];
        for (int i = 0; i < count; i++) {
            ascending[i] = 2 - values[count - 1 - i];
            System.arraycopy(vectors, (count - 1 - i) * n, ordered, i * n, n);
        }
        return new Result(ascending, ordered);
    }
}
