package io.heed.sequence.graphaware;

import java.util.Locale;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/** What is done to an attention map A before it serves as an adjacency: a function of A and a threshold tau. */
public enum ThresholdMode {
    /** A as it is. */
    NONE("none"),
    /** silu(A - tau). */
    SILU("silu"),
    /** relu(A - tau). */
    RELU("relu"),
    /** softplus(A - tau). */
    SOFTPLUS("softplus"),
    /** softplus(beta (A - tau)) / beta. */
    SHARP_SOFTPLUS("sharp_softplus"),
    /** sigmoid(beta (A - tau)). */
    SIGMOID("sigmoid_elementwise"),
    /** sigmoid(5 A) sigmoid(50 (A - tau)). */
    FLOW("flowthreshold"),
    /** 1 where A is above tau. */
    BINARY("binary"),
    /** Ones at the largest max(1, floor(fraction N)) entries of a row; depends on N, so it cannot decode. */
    TOP_K("top_k"),
    /**
     * Ones at the largest ceil(fraction i) of row i's strict predecessors, those below tau counted as 0; row 0 is
     * empty.
     */
    SCALED_TOP_K("scaled_topk_causal_4d"),
    /** silu(A - tau) + scale [A above tau]. */
    SILU_PLUS_BINARY("silu+binary"),
    /** silu(A - tau) up to tau, 1 above. */
    SILU_BELOW_BINARY_ABOVE("silu_below_binary_above"),
    /** relu(A - tau), which is 0, up to tau, 1 above. */
    RELU_BELOW_BINARY_ABOVE("relu_below_binary_above"),
    /** softplus(A - tau) up to tau, 1 above. */
    SOFTPLUS_BELOW_BINARY_ABOVE("softplus_below_binary_above");

    private static final double RISE = 5;
    private static final double EDGE = 50;

    private final String official;

    ThresholdMode(String official) {
        this.official = official;
    }

    /**
     * The mode of this name in the official code.
     *
     * @throws IllegalArgumentException for a name that it does not have
     */
    public static ThresholdMode named(String name) {
        StringBuilder known = new StringBuilder();
        for (ThresholdMode mode : values()) {
            if (mode.official.equals(name.strip().toLowerCase(Locale.ROOT))) {
                return mode;
            }
            known.append(known.isEmpty() ? "" : ", ").append(mode.official);
        }
        throw new IllegalArgumentException("threshold mode '" + name + "': must be one of " + known);
    }

    /** Its name in the official code. */
    public String official() {
        return official;
    }

    /**
     * Numbers of a threshold.
     *
     * @param beta     sharpness of softplus and sigmoid
     * @param scale    weight of the binary part
     * @param fraction share of a row that the top-k modes keep
     */
    public record Numbers(double beta, double scale, double fraction) {
        /** The official defaults. */
        public static final Numbers STANDARD = new Numbers(10, 1, 0.1);
    }

    /**
     * The adjacency. In every mode but {@link #NONE} entries above the diagonal become 0.
     *
     * @param map   A (B, H, M, N), the last M rows of a causal map: row m is query N - M + m
     * @param tau   the threshold, a scalar
     * @return (B, H, M, N)
     */
    Tensor apply(Tensor map, Tensor tau, Numbers numbers) {
        if (this == NONE) {
            return map;
        }
        return modified(map, tau, numbers).tril(map.size(3) - map.size(2));
    }

    private Tensor modified(Tensor map, Tensor tau, Numbers numbers) {
        Tensor above = map.sub(tau);
        return switch (this) {
            case NONE -> map;
            case SILU -> torch.silu(above);
            case RELU -> above.relu();
            case SOFTPLUS -> torch.softplus(above);
            case SHARP_SOFTPLUS -> Ops.scale(torch.softplus(Ops.scale(above, numbers.beta)), 1 / numbers.beta);
            case SIGMOID -> Ops.scale(above, numbers.beta).sigmoid();
            case FLOW -> Ops.scale(map, RISE).sigmoid().mul(Ops.scale(above, EDGE).sigmoid());
            case BINARY -> binary(map, tau);
            case TOP_K -> topK(map, Math.max(1, (long) (map.size(3) * numbers.fraction)));
            case SCALED_TOP_K -> scaledTopK(map, tau, numbers.fraction);
            case SILU_PLUS_BINARY -> torch.silu(above).add(Ops.scale(binary(map, tau), numbers.scale));
            case SILU_BELOW_BINARY_ABOVE -> binaryAbove(torch.silu(above), map, tau);
            case RELU_BELOW_BINARY_ABOVE -> binaryAbove(above.relu(), map, tau);
            case SOFTPLUS_BELOW_BINARY_ABOVE -> binaryAbove(torch.softplus(above), map, tau);
        };
    }

    private static Tensor binary(Tensor map, Tensor tau) {
        return map.gt(tau).to(Ops.type(map));
    }

    private static Tensor binaryAbove(Tensor below, Tensor map, Tensor tau) {
        return Ops.fill(below, map.gt(tau), 1);
    }

    /** Ones at the k largest entries of each row. */
    private static Tensor topK(Tensor map, long k) {
        T_TensorTensor_T largest = map.topk(k, -1, true, true);
        return torch.zeros_like(map).scatter(-1, largest.get1(), new Scalar(1.0));
    }

    private static Tensor scaledTopK(Tensor map, Tensor tau, double fraction) {
        Tensor kept = map.mul(map.ge(tau).to(Ops.type(map)));
        long first = map.size(3) - map.size(2);
        Tensor[] rows = new Tensor[Math.toIntExact(map.size(2))];
        for (int m = 0; m < rows.length; m++) {
            long i = first + m;
            Tensor row = kept.narrow(2, m, 1);                                        // (B, H, 1, N)
            Tensor zeros = torch.zeros_like(row);
            rows[m] = i == 0 ? zeros : zeros.scatter(-1,
                    row.narrow(3, 0, i).topk((long) Math.max(1, Math.ceil(fraction * i)), -1, true, true).get1(),
                    new Scalar(1.0));
        }
        return Ops.cat(2, rows);
    }
}
