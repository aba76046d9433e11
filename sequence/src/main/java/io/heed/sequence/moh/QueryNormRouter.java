package io.heed.sequence.moh;

import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.TopKRouting;
import io.heed.tensor.Ops;

/**
 * The router without parameters, for continuing a trained model: heads with the longest queries are on.
 *
 * @param shared heads that are always on, the first
 * @param chosen k, of the others
 */
record QueryNormRouter(int shared, int chosen) {
    /**
     * Gates of 0 and 1.
     *
     * @param q        (B, H, N, d), before rotation
     * @param training whether gradients pass the choice straight through to its probabilities
     * @return (B, N, H)
     */
    Tensor gates(Tensor q, boolean training) {
        // (B, N, H)
        Tensor norms = q.mul(q).sum(new long[] {-1}, false, new ScalarTypeOptional()).sqrt().transpose(1, 2);
        Tensor ones = torch.ones_like(norms.narrow(-1, 0, shared)).detach();
        if (chosen == 0) {
            return ones;
        }
        Tensor scores = norms.narrow(-1, shared, norms.size(-1) - shared);
        if (scores.size(-1) > 1) {
            scores = scores.div(scores.std(new long[] {-1}, true, true));
        }
        TopKRouting routing = TopKRouting.of(scores.flatten(0, 1), chosen, false);
        Tensor mask = routing.mask().to(Ops.type(q));
        Tensor gates = training ? mask.add(routing.probabilities()).sub(routing.probabilities().detach()) : mask;
        return Ops.cat(-1, ones, gates.view(scores.shape()));
    }
}
