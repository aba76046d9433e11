package io.heed.sequence.lama;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.AttentionSpec;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Norm;
import io.heed.nn.Padding;
import io.heed.nn.Sinusoids;
import io.heed.tensor.Ops;

/** What low-rank attention is compared with. */
final class Baselines {
    private static final double HIDDEN = -1e9;

    private Baselines() { }

    /** Mean, maximum and last state, one of them. */
    static final class Plain extends Pooling {
        /** Which. */
        enum Kind { MEAN, MAX, LAST }

        private final long width;
        private final Kind kind;

        Plain(long width, Kind kind) {
            super("Plain");
            this.width = width;
            this.kind = kind;
        }

        @Override
        public Pooled pool(Tensor states, Tensor mask) {
            return new Pooled(null, switch (kind) {
                case MEAN -> LowRankAttention.meanOf(states, mask);
                case MAX -> Ops.fill(states, mask.logical_not().unsqueeze(-1), HIDDEN).amax(new long[] {1}, false);
                case LAST -> last(states, mask);
            });
        }

        /** Forward at the last word, backward at the first. */
        private Tensor last(Tensor states, Tensor mask) {
            long half = width / 2;
            Tensor end = mask.sum(new long[] {1}, true, new ScalarTypeOptional(ScalarType.Long))
                    .sub(new Scalar(1)).unsqueeze(-1).expand(states.size(0), 1, half);
            return torch.cat(new TensorVector(states.narrow(2, 0, half).gather(1, end).squeeze(1),
                    states.narrow(2, half, width - half).select(1, 0)), 1);
        }

        @Override
        public long width() {
            return width;
        }

        @Override
        public long attentionParameters() {
            return 0;
        }
    }

    /**
     * softmax(W2 tanh(W1 h + b)) over the words: with one head and a bias additive attention, with several and without
     * bias structured self-attention (Lin et al., ICLR 2017).
     */
    static final class Structured extends Pooling {
        private final LinearImpl first;
        private final LinearImpl second;
        private final long width;
        private final long parameters;
        private final int heads;

        Structured(long width, long inner, int heads, boolean bias) {
            super("Structured");
            this.width = width;
            this.heads = heads;
            first = register_module("w1", linear(width, inner, bias));
            second = register_module("w2", linear(inner, heads, false));
            parameters = width * inner + inner * heads + (bias ? inner : 0);
        }

        @Override
        public Pooled pool(Tensor states, Tensor mask) {
            Tensor scores = second.forward(first.forward(states).tanh()).transpose(1, 2); // (B, m, T)
            Tensor attention = Ops.fill(scores, mask.logical_not().unsqueeze(1), HIDDEN).softmax(-1);
            return new Pooled(attention, attention.matmul(states).flatten(1, 2));
        }

        @Override
        public long width() {
            return heads * width;
        }

        @Override
        public long attentionParameters() {
            return parameters;
        }
    }

    /** Multi-head self-attention between the words, added to them and normalised, then their mean. */
    static final class Transformer extends Pooling {
        private final LinearImpl qkv;
        private final LinearImpl proj;
        private final Norm norm;
        private final long width;
        private final int heads;

        Transformer(long width, int heads) {
            super("Transformer");
            this.width = width;
            this.heads = heads;
            qkv = register_module("qkv", linear(width, 3 * width, false));
            proj = register_module("proj", linear(width, width, false));
            norm = register_module("norm", new Norm.Layer(width));
        }

        @Override
        public Pooled pool(Tensor states, Tensor mask) {
            Tensor placed = states.add(Sinusoids.rows(0, states.size(1), width));
            Tensor[] parts = Heads.unpack(qkv.forward(placed), heads, heads);
            AttentionSpec spec = AttentionSpec.softmax().withPadding(new Padding(mask.logical_not()).keys());
            Tensor out = Form.AUTO.isFused(parts[0]) ? FusedAttention.apply(parts[0], parts[1], parts[2], spec)
                    : ComposedAttention.apply(parts[0], parts[1], parts[2], spec);
            return new Pooled(null, LowRankAttention.meanOf(norm.forward(placed.add(proj.forward(Heads.merge(out)))),
                    mask));
        }

        @Override
        public long width() {
            return width;
        }

        @Override
        public long attentionParameters() {
            return 4 * width * width;
        }
    }

    private static LinearImpl linear(long in, long out, boolean bias) {
        LinearOptions options = new LinearOptions(in, out);
        options.bias().put(bias);
        return new LinearImpl(options);
    }
}
