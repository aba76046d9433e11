package io.heed.sequence.dsf;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;

/**
 * An attention of the paper without its last projection: queries and keys of a width of their own, values of width D /
 * H.
 *
 * <p>Registers {@code Wqk.weight (2 d_qk, D)}, all query heads first, {@code Wv.weight (D, D)}, and their biases if
 * any, with its owner.
 */
final class AttentionCore implements RecurrentCore {
    private final Module owner;
    private final AttentionSizes sizes;
    private final LinearImpl queryKey;
    private final LinearImpl value;
    private final HeadMixing mixing;

    AttentionCore(Module owner, AttentionSizes sizes, HeadMixing mixing) {
        this.owner = owner;
        this.sizes = sizes;
        this.mixing = mixing;
        queryKey = owner.register_module("Wqk",
                Initialisation.linear(sizes.width(), 2 * sizes.qkWidth(), sizes.bias()));
        value = owner.register_module("Wv", Initialisation.linear(sizes.width(), sizes.width(), sizes.bias()));
    }

    private HeadMixing.Call project(Tensor u) {
        Tensor both = queryKey.forward(u);
        return new HeadMixing.Call(Heads.split(both.narrow(-1, 0, sizes.qkWidth()), sizes.heads()),
                Heads.split(both.narrow(-1, sizes.qkWidth(), sizes.qkWidth()), sizes.heads()),
                Heads.split(value.forward(u), sizes.heads()), u);
    }

    @Override
    public Tensor forward(Tensor u, MixerContext context) {
        HeadMixing.Call call = project(u);
        Tensor out;
        if (sizes.dropout() > 0 && owner.is_training()) {
            AttentionCall weighed = mixing.weights(call, context.padding());
            out = torch.dropout(weighed.weights(0, u.size(1)), sizes.dropout(), true).matmul(call.v());
        } else {
            out = mixing.outputs(call, context.padding(), context.form());
        }
        return Heads.merge(context.watch(out, () -> mixing.weights(call, context.padding())));
    }

    @Override
    public MixerState state(long batch) {
        return mixing.state(batch, sizes.heads(), sizes.headWidth(), sizes.valueWidth(), value.weight());
    }

    @Override
    public Tensor extend(Tensor u, MixerState state) {
        return Heads.merge(mixing.extend(project(u), state));
    }

    /** The system from u (L, D) with the constant 1 appended to the heads' outputs (L, D). */
    @Override
    public LinearSystem system(Tensor u) {
        HeadMixing.Call call = project(u.unsqueeze(0));
        Tensor inputs = LinearSystem.affine(u);
        Tensor projection = LinearSystem.affine(value.weight(), sizes.bias() ? value.bias() : null); // (D, D + 1)
        List<LinearSystem> heads = new ArrayList<>();
        for (int head = 0; head < sizes.heads(); head++) {
            LinearSystem system = mixing.system(of(call.q(), head), of(call.k(), head), of(call.v(), head), u, head);
            heads.add(system.drivenBy(inputs, projection.narrow(0, head * sizes.valueWidth(), sizes.valueWidth())));
        }
        return LinearSystem.sideBySide(heads);
    }

    /** Head {@code head} of (1, H, L, e): (L, e). */
    private static Tensor of(Tensor heads, int head) {
        return heads.select(0, 0).select(0, head);
    }
}
