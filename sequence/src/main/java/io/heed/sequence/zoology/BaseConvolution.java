package io.heed.sequence.zoology;

import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.LongConvolution;
import io.heed.nn.ShortConvolution;
import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;

/** The convolution within {@link BaseConv}: a few learned taps, or a filter as long as the sequence. */
abstract sealed class BaseConvolution extends Module permits BaseConvolution.Short, BaseConvolution.Implicit {
    private BaseConvolution(String name) {
        super(name);
    }

    /** (B, N, D) to (B, N, D). */
    abstract Tensor forward(Tensor x, Form form);

    abstract MixerState state(long batch);

    /** The next tokens (B, N, D), without a gradient graph. */
    abstract Tensor extend(Tensor x, MixerState state);

    /** K taps a channel and a bias: {@code conv.weight (D, 1, K)}, {@code conv.bias (D)}. */
    static final class Short extends BaseConvolution {
        private final ShortConvolution conv;

        Short(long width, int taps) {
            super("ShortConvolution");
            conv = register_module("conv", new ShortConvolution(width, taps, true));
        }

        @Override
        Tensor forward(Tensor x, Form form) {
            return conv.forward(x, form);
        }

        @Override
        MixerState state(long batch) {
            return new TensorState(batch, () -> List.of(conv.history(batch)));
        }

        @Override
        Tensor extend(Tensor x, MixerState state) {
            TensorState held = (TensorState) state;
            ShortConvolution.Extension next = conv.extend(x, held.get(0));
            held.set(0, next.history());
            held.advance(x.size(1));
            return next.out();
        }
    }

    /**
     * A filter that a small network computes from the taps' positions, and the input itself:
     * y = conv(x, mlp(z)) + x. Tensors {@code pos_emb.z (1, L, E)}, {@code mlp.0.*}, {@code mlp.2.*}.
     */
    static final class Implicit extends BaseConvolution {
        private final FilterPositions positions;
        private final LinearImpl first;
        private final LinearImpl second;

        Implicit(long width, int length, int embedding, int hidden) {
            super("ImplicitLongConvolution");
            positions = register_module("pos_emb", new FilterPositions(length, embedding, false, false));
            first = Initialisation.linear(embedding, hidden, true);
            second = Initialisation.linear(hidden, width, true);
            ModuleListImpl mlp = register_module("mlp", new ModuleListImpl());
            mlp.push_back(first);
            mlp.push_back(new ReLUImpl());
            mlp.push_back(second);
        }

        @Override
        Tensor forward(Tensor x, Form form) {
            return LongConvolution.apply(x, filter()).add(x);
        }

        @Override
        MixerState state(long batch) {
            return new LongHistory(batch, filter(), List::of);
        }

        @Override
        Tensor extend(Tensor x, MixerState state) {
            return ((LongHistory) state).extend(x).add(x);
        }

        /** (L, D). */
        private Tensor filter() {
            return second.forward(first.forward(positions.z()).relu());
        }
    }
}
