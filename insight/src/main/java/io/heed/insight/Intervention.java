package io.heed.insight;

import java.util.List;

import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/**
 * A change to what a model computes on the way: to a head's output before it is projected, or to the residual stream.
 */
public sealed interface Intervention {
    /** The layer that is changed, from 0; L for what leaves the last. */
    int layer();

    /** A change to one head. */
    sealed interface OfHead extends Intervention {
        /** The query head, from 0. */
        int head();

        /** The head's new output, (B, N, e) to (B, N, e). */
        Tensor apply(Tensor output);
    }

    /** Silences a head: its output is 0. */
    record Zero(int layer, int head) implements OfHead {
        @Override
        public Tensor apply(Tensor output) {
            return torch.zeros_like(output);
        }
    }

    /** Takes away what a head says of the token at hand: its output becomes its mean over sequences and positions. */
    record Mean(int layer, int head) implements OfHead {
        @Override
        public Tensor apply(Tensor output) {
            return output.flatten(0, 1).mean(new long[] {0}, true, new ScalarTypeOptional())
                    .unsqueeze(0).expand_as(output);
        }
    }

    /**
     * Puts in what the head said in another run.
     *
     * @param positions where; empty for everywhere
     * @param values    (B, positions, e), as {@link Capture#outputs} has them for one head; B may be 1
     */
    record PatchHead(int layer, int head, List<Integer> positions, Tensor values) implements OfHead {
        public PatchHead {
            positions = List.copyOf(positions);
        }

        @Override
        public Tensor apply(Tensor output) {
            return patched(output, positions, values);
        }
    }

    /**
     * Puts in the residual stream of another run.
     *
     * @param positions where; empty for everywhere
     * @param values    (B, positions, D), as {@link Capture#hidden} has them; B may be 1
     */
    record PatchHidden(int layer, List<Integer> positions, Tensor values) implements Intervention {
        public PatchHidden {
            positions = List.copyOf(positions);
        }

        Tensor apply(Tensor hidden) {
            return patched(hidden, positions, values);
        }
    }

    private static Tensor patched(Tensor x, List<Integer> positions, Tensor values) {
        long rows = positions.isEmpty() ? x.size(1) : positions.size();
        boolean fits = values.dim() == 3 && values.size(1) == rows && values.size(2) == x.size(2)
                && (values.size(0) == x.size(0) || values.size(0) == 1);
        if (!fits) {
            throw new IllegalArgumentException("a patch of shape " + Ops.shape(values) + " does not fit " + rows
                    + " positions of " + Ops.shape(x));
        }
        if (positions.isEmpty()) {
            return values.expand(x.shape());
        }
        Tensor at = Ops.of(positions.stream().mapToLong(Integer::longValue).toArray()).to(x.device(), ScalarType.Long);
        return x.index_copy(1, at, values.expand(x.size(0), rows, x.size(2)));
    }
}
