package io.heed.sequence.moh;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
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
    private final double size;
    private final LinearImpl qkv;
    private final LinearImpl proj;
    private final Tensor temperature;
    private final Tensor embedding;
    private final LinearImpl placeFirst;
    private final LinearImpl placeSecond;
    private final HeadRouter router;

    /**
     * Builds it with fresh weights.
     *
     * @param cells  H W, cells of the grid that it is trained on
     * @param hidden F, hidden width of the bias MLP, 512 in the paper's models
     */
    public MohVitAttention(long width, int heads, int shared, int chosen, long cells, long hidden,
            HeadRouter.Gates gates) {
        super("MohVitAttention");
        this.heads = heads;
        size = Math.log(cells);
        long d = width / heads;
        qkv = register_module("qkv", Initialisation.linear(width, 3 * heads * d, true));
        proj = register_module("proj", Initialisation.linear(heads * d, width, true));
        double t = Math.log(Math.expm1(1 / INITIAL));
        temperature = Registration.parameter(this, "temperature",
                torch.full(new long[] {heads, 1, 1}, new Scalar(t)));
        embedding = Registration.parameter(this, "query_embedding",
                Initialisation.truncatedNormal(torch.empty(heads, 1, d), Initialisation.DEVIATION));
        placeFirst = register_module("cpb_fc1", Initialisation.linear(2, hidden, true));
        placeSecond = register_module("cpb_fc2", Initialisation.linear(hidden, heads, true));
        router = new HeadRouter(this, width, heads, shared, chosen, gates);
    }

    /**
     * Attends.
     *
     * @param x     (B, N, D), the cells row by row
     * @param index (N, N) int64, the table's row for each pair of cells
     * @param table (P, 2), relative coordinates
     */
    public MohAttention.Trace forward(Tensor x, Tensor index, Tensor table) {
        Tensor[] parts = Heads.unpack(qkv.forward(x), heads, heads);
        Tensor q = normalised(parts[0]).add(embedding).mul(Ops.scale(torch.softplus(temperature), size));
        Tensor places = placeSecond.forward(placeFirst.forward(table).relu());       // (P, H)
        Tensor bias = places.t().index_select(1, index.flatten()).view(-1, index.size(0), index.size(1));
        Tensor logits = q.matmul(normalised(parts[1]).transpose(-2, -1)).add(bias);
        Tensor out = torch.softmax(logits, -1).matmul(parts[2]);                     // (B, H, N, d)
        HeadRouter.Choice choice = router.choose(x.flatten(0, 1));
        Tensor gates = choice.gates().unflatten(0, x.size(0), x.size(1)).transpose(1, 2).unsqueeze(-1);
        return new MohAttention.Trace(proj.forward(Heads.merge(out.mul(gates))),
                choice.mask() == null ? null : choice.mask().unflatten(0, x.size(0), x.size(1)), choice.loss());
    }

    private static Tensor normalised(Tensor heads) {
        Tensor length = heads.mul(heads).sum(new long[] {-1}, true, new ScalarTypeOptional()).sqrt();
        return heads.div(torch.clamp_min(length, new Scalar(SMALLEST)));
    }
}
