package io.heed.sequence.dsf;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.Table;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * A mixer against its linear system on one short random input.
 *
 * @param mixer  which one
 * @param states N
 * @param rates  independent forget rates
 * @param error  largest difference of the outputs, relative to the largest output
 */
record Equivalence(String mixer, long states, int rates, double error) {
    static final double TOLERANCE = 1e-5;
    private static final long WIDTH = 8;
    private static final long LENGTH = 16;
    private static final List<String> MIXERS = List.of("linear-attention", "normalised-attention", "s6:states=4",
            "ssd:states=4", "mamba:states=4", "gated-attention", "qlstm", "qlstm:reversed=true", "rg-lru");

    static List<Equivalence> measure() {
        List<Equivalence> all = new ArrayList<>();
        for (String mixer : MIXERS) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                all.add(of(mixer));
            }
        }
        return all;
    }

    private static Equivalence of(String text) {
        Seeds.seedTorch(0, "equivalence", 0);
        SequenceMixer mixer = Mixers.build(MixerSpec.parse(text), MixerConfig.of(WIDTH, 1));
        mixer.eval();
        Tensor x = torch.randn(LENGTH, WIDTH);
        LinearSystem system = ((Realisable) mixer).system(x);
        Tensor expected = mixer.forward(x.unsqueeze(0)).squeeze(0);
        double error = Ops.largestDifference(system.simulate(), expected);
        return new Equivalence(text, system.stateSize(), system.forgetRates(),
                error / expected.abs().max().item_double());
    }

    static Table table(List<Equivalence> all) {
        List<List<Object>> rows = new ArrayList<>();
        for (Equivalence e : all) {
            rows.add(List.of(e.mixer, e.states, e.rates, e.error));
        }
        return new Table("Mixers against their linear systems, D = " + WIDTH + ", one head, " + LENGTH + " tokens",
                List.of("mixer", "states N", "forget rates", "largest error"), rows);
    }

    /**
     * How far softmax attention is from systems of the tensor powers up to an order, on random queries and keys of
     * width 4.
     */
    static Table softmaxTable() {
        List<List<Object>> rows = new ArrayList<>();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Seeds.seedTorch(0, "tensor powers", 0);
            int width = 4;
            Tensor q = torch.randn(LENGTH, width);
            Tensor k = torch.randn(LENGTH, width);
            Tensor v = torch.randn(LENGTH, 2);
            Tensor logits = q.matmul(k.t()).div(new Scalar(Math.sqrt(width)));
            Tensor expected = Ops.maskedSoftmax(Ops.fill(logits, Ops.causalMask(LENGTH, LENGTH),
                    Double.NEGATIVE_INFINITY), -1).matmul(v);
            for (int order = 1; order <= 6; order++) {
                LinearSystem system = SoftmaxHeads.system(q, k, v, order);
                rows.add(List.of(order, TensorPowers.count(width, order),
                        Ops.largestDifference(system.simulate(), expected)));
            }
        }
        return new Table("Softmax attention against systems of its tensor powers up to an order, queries of width 4",
                List.of("order", "features n", "largest error"), rows);
    }
}
