package io.heed.sequence.moh;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.TopKRouting;
import io.heed.tensor.Ops;

/** Which heads a token uses and how much: shared ones, always, then routed ones. */
public final class HeadRouter {
    /** How probabilities become gates. */
    public enum Gates {
        /** The official code's: renormalised over the chosen heads, scaled to a mean of 1. */
        SCALED,
        /** The paper's equations: alpha_1 s and alpha_2 p, as they are. */
        PAPER
    }

    private static final double SMALLEST = 1.1920929e-07;    // float epsilon, as the official code clamps

    private final int shared;
    private final int total;
    private final int chosen;
    private final Gates gates;
    private final LinearImpl routed;
    private final LinearImpl balance;
    private final LinearImpl always;

    /**
     * A choice of heads for T tokens.
     *
     * @param gates (T, H), 0 where a head is off
     * @param mask  (T, H - h_s) bool, the routed heads that are on; null where none is routed
     * @param loss  the load-balance loss, a scalar; null where none is routed
     */
    record Choice(Tensor gates, Tensor mask, Tensor loss) { }

    /**
     * Registers {@code wg.weight (H - h_s, D)}, {@code wg_0.weight (2, D)}, {@code wg_1.weight (h_s, D)} into its
     * parent, those that are needed.
     *
     * @param chosen k, routed heads that are on for a token
     */
    HeadRouter(Module parent, long width, int heads, int shared, int chosen, Gates gates) {
        check(heads, shared, chosen);
        this.shared = shared;
        this.total = heads - shared;
        this.chosen = chosen;
        this.gates = gates;
        routed = chosen > 0 ? parent.register_module("wg", Initialisation.linear(width, total, false)) : null;
        balance = chosen > 0 && shared > 0 ? parent.register_module("wg_0", Initialisation.linear(width, 2, false))
                : null;
        always = shared > 1 ? parent.register_module("wg_1", Initialisation.linear(width, shared, false)) : null;
    }

    /** @throws IllegalArgumentException when as many heads cannot be shared and chosen */
    static void check(int heads, int shared, int chosen) {
        if (shared < 0 || chosen < 0 || shared + chosen > heads || shared + chosen == 0) {
            throw new IllegalArgumentException(shared + " shared and " + chosen + " routed heads of " + heads
                    + ": together from 1 to " + heads);
        }
        if (chosen == 0 && shared < heads) {
            throw new IllegalArgumentException("with no routed head all " + heads + " heads must be shared, got "
                    + shared);
        }
    }

    /** Chooses for tokens x (T, D). */
    Choice choose(Tensor x) {
        Tensor s = sharedGates(x);
        if (routed == null) {
            return new Choice(s, null, null);
        }
        TopKRouting routing = TopKRouting.of(routed.forward(x), chosen, false);
        Tensor r = routedGates(routing);
        Tensor loss = Ops.scale(routing.loadBalance(), chosen);      // shares are over slots: k of them a token
        Tensor mask = routing.mask();
        if (shared == 0) {
            return new Choice(r, mask, loss);
        }
        Tensor a = torch.softmax(balance.forward(x), -1);
        a = gates == Gates.SCALED ? Ops.scale(a, 2) : a;
        return new Choice(Ops.cat(-1, s.mul(a.narrow(-1, 0, 1)), r.mul(a.narrow(-1, 1, 1))), mask, loss);
    }

    private Tensor sharedGates(Tensor x) {
        if (shared == 0) {
            return null;
        }
        if (always == null) {
            return torch.ones_like(x.narrow(-1, 0, 1));
        }
        Tensor s = torch.softmax(always.forward(x), -1);
        return gates == Gates.SCALED ? Ops.scale(s, shared) : s;
    }

    private Tensor routedGates(TopKRouting routing) {
        Tensor kept = routing.dense();                                               // (T, H - h_s)
        if (gates == Gates.PAPER) {
            return kept;
        }
        Tensor sum = torch.clamp_min(kept.sum(new long[] {-1}, true, new ScalarTypeOptional()), new Scalar(SMALLEST));
        return Ops.scale(kept.div(sum), chosen);
    }
}
