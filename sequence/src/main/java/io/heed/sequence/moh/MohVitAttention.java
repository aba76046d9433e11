package io.heed.sequence.moh;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;

/**
 * Mixture-of-head attention on a grid, on TransNeXt's attention: normalised queries and keys, a query embedding, a
 * temperature that grows with the logarithm of the grid's size, and a bias that an MLP gives for each relative place.
 *
 * <pre>
 *   logits = (q / |q| + e_h) * softplus(t_h) ln(H W) . k / |k| + MLP(table)[index]
 * </pre>
 *
 * <p>Parameters {@code qkv.*}, {@code proj.*}, {@code temperature (H, 1, 1)}, {@code query_embedding (H, 1, d)},
 * {@code cpb_fc1.* (F, 2)}, {@code cpb_fc2.* (H, F)}, and the routers'.
 */
public final class MohVitAttention extends Module {
    /** softplus of the initial temperature is 1 / this. */
    private static final double INITIAL = 0.24;
    /** Least length that a query or key is divided by. */
    private static final double SMALLEST = 1e-12;

    private final int heads;
    private final int shared;
    private final double size;
    private final LinearImpl qkv;
    private final LinearImpl proj;
    private final Tensor temperature;
    private final Tensor embedding;
    private final LinearImpl placeFirst;
    private final LinearImpl placeSecond;
    private final HeadRouter router;

    /** Builds it with fresh weights. */
    public MohVitAttention(MohVitConfig config) {
        super("MohVitAttention");
        heads = config.heads();
        shared = config.shared();
        size = Math.log(config.cells());
        long wide = heads * config.headWidth();
        qkv = register_module("qkv", Initialisation.linear(config.width(), 3 * wide, true));
        proj = register_module("proj", Initialisation.residual(wide, config.width(), true, config.layers()));
        double t = Math.log(Math.expm1(1 / INITIAL));
        temperature = Registration.parameter(this, "temperature",
                torch.full(new long[] {heads, 1, 1}, new Scalar(t)));
        embedding = Registration.parameter(this, "query_embedding",
                Initialisation.truncatedNormal(torch.empty(heads, 1, config.headWidth()), Initialisation.DEVIATION));
        placeFirst = register_module("cpb_fc1", Initialisation.linear(2, config.hidden(), true));
        try (NoGradGuard _ = new NoGradGuard()) { // its two inputs are no channels of a layer: spread the units' bends
            double bound = 1 / Math.sqrt(2);
            placeFirst.weight().uniform_(-bound, bound, null);
            placeFirst.bias().uniform_(-bound, bound, null);
        }
        placeSecond = register_module("cpb_fc2", Initialisation.linear(config.hidden(), heads, true));
        router = config.routed() ? new HeadRouter(this, config.width(), heads, shared, config.chosen(),
                config.gates()) : null;
    }

    /** Queries with their temperature, keys, values (B, H, N, d) and what is added to the logits (H, N, N). */
    private record Projected(Tensor q, Tensor k, Tensor v, Tensor bias) {
        /** Some heads. */
        Projected heads(long first, long count) {
            return new Projected(q.narrow(1, first, count), k.narrow(1, first, count), v.narrow(1, first, count),
                    bias.narrow(0, first, count));
        }

        /** Of queries {@code from} to {@code from + rows}: (B, H, rows, N). */
        Tensor weights(long from, long rows) {
            Tensor logits = q.narrow(2, from, rows).matmul(k.transpose(-2, -1)).add(bias.narrow(1, from, rows));
            return torch.softmax(logits, -1);
        }

        Tensor attend() {
            return weights(0, q.size(2)).matmul(v);
        }
    }

    /**
     * Attends.
     *
     * @param x       (B, N, D), the cells row by row
     * @param index   (N, N) int64, the table's row for each pair of cells
     * @param table   (P, 2), relative coordinates
     * @param context in the fused form heads that are off are not computed
     */
    public MohAttention.Trace forward(Tensor x, Tensor index, Tensor table, MixerContext context) {
        Projected p = project(x, index, table);
        if (router == null) {
            Tensor out = context.watch(p.attend(), () -> new AttentionCall(p.q, p.k, p.v, p::weights));
            return new MohAttention.Trace(proj.forward(Heads.merge(out)), null, null);
        }
        HeadRouter.Choice choice = router.choose(x.flatten(0, 1));
        Tensor gates = choice.gates().unflatten(0, x.size(0), x.size(1)).transpose(1, 2).unsqueeze(-1); // (B, H, N, 1)
        Tensor mask = choice.mask() == null ? null : choice.mask().unflatten(0, x.size(0), x.size(1));
        Tensor out = mask != null && context.form().isFused(x) ? skipping(p, mask) : p.attend();
        Tensor gated = context.watch(out.mul(gates), () -> new AttentionCall(p.q, p.k, p.v,
                (from, count) -> p.weights(from, count).mul(gates.narrow(2, from, count))));
        return new MohAttention.Trace(proj.forward(Heads.merge(gated)), mask, choice.loss());
    }

    private Projected project(Tensor x, Tensor index, Tensor table) {
        Tensor[] parts = Heads.unpack(qkv.forward(x), heads, heads);
        Tensor q = normalised(parts[0]).add(embedding).mul(Ops.scale(torch.softplus(temperature), size));
        Tensor places = placeSecond.forward(placeFirst.forward(table).relu());       // (P, H)
        Tensor bias = places.t().index_select(1, index.flatten()).view(-1, index.size(0), index.size(1));
        return new Projected(q, normalised(parts[1]), parts[2], bias);
    }

    /** Shared heads on all queries, routed heads on those that chose them. */
    private Tensor skipping(Projected p, Tensor mask) {
        Projected routed = p.heads(shared, heads - shared);
        PickedQueries picked = PickedQueries.of(mask);
        Tensor logits = picked.pick(routed.q).matmul(routed.k.transpose(-2, -1))
                .add(picked.pickShared(routed.bias)); // (B, R, M, N)
        Tensor out = picked.place(torch.softmax(logits, -1).matmul(routed.v), mask.size(1));
        return shared == 0 ? out : Ops.cat(1, p.heads(0, shared).attend(), out);
    }

    private static Tensor normalised(Tensor heads) {
        Tensor length = heads.mul(heads).sum(new long[] {-1}, true, new ScalarTypeOptional()).sqrt();
        return heads.div(torch.clamp_min(length, new Scalar(SMALLEST)));
    }
}
