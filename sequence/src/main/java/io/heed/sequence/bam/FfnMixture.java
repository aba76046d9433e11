package io.heed.sequence.bam;

import java.util.List;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.TopKRouting;

/** A sparse mixture of MLPs: every token goes to its k experts, weighed by their gates. */
final class FfnMixture {
    private FfnMixture() { }

    /** sum over the chosen of gate_e FFN_e(h): h (T, D) to (T, D). */
    static Tensor apply(Tensor h, List<FfnWeights> experts, TopKRouting routing, Form form) {
        return form == Form.REFERENCE ? reference(h, experts, routing) : grouped(h, experts, routing);
    }

    /** Every expert on every token. */
    private static Tensor reference(Tensor h, List<FfnWeights> experts, TopKRouting routing) {
        Tensor gates = routing.dense();
        Tensor sum = torch.zeros_like(h);
        for (int e = 0; e < experts.size(); e++) {
            sum = sum.add(experts.get(e).apply(h).mul(gates.select(-1, e).unsqueeze(-1)));
        }
        return sum;
    }

    /** Every expert on the tokens that chose it. */
    private static Tensor grouped(Tensor h, List<FfnWeights> experts, TopKRouting routing) {
        Tensor sum = torch.zeros_like(h);
        for (int e = 0; e < experts.size(); e++) {
            Tensor places = routing.experts().eq(new Scalar(e)).nonzero();           // (n, 2): token, slot
            Tensor tokens = places.select(1, 0);
            Tensor slots = tokens.mul(new Scalar(routing.experts().size(1))).add(places.select(1, 1));
            Tensor gates = routing.gates().flatten().index_select(0, slots).unsqueeze(-1);
            sum = sum.index_add(0, tokens, experts.get(e).apply(h.index_select(0, tokens)).mul(gates));
        }
        return sum;
    }
}
