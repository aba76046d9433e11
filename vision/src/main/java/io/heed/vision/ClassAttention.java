package io.heed.vision;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Mlp;
import io.heed.nn.Norm;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * A class token that attends to itself and to all tokens of an image, once they are mixed (CaiT, arXiv 2103.17239,
 * section 4): c + attention(norm c; norm [c, x]), then c + mlp(norm c).
 *
 * <p>Parameters {@code cls_token (1, 1, D)}, {@code norm1.*}, {@code q.*}, {@code kv.*}, {@code proj.*},
 * {@code norm2.*}, {@code mlp.*}, {@code norm.*}.
 */
final class ClassAttention extends Module {
    private final int heads;
    private final Tensor token;
    private final Norm norm1;
    private final LinearImpl q;
    private final LinearImpl kv;
    private final LinearImpl proj;
    private final Norm norm2;
    private final Mlp mlp;
    private final Norm norm;

    ClassAttention(long width, int heads, int layers) {
        super("ClassAttention");
        this.heads = heads;
        token = Registration.parameter(this, "cls_token",
                Initialisation.truncatedNormal(torch.empty(1, 1, width), Initialisation.DEVIATION));
        norm1 = register_module("norm1", new Norm.Layer(width));
        q = register_module("q", Initialisation.linear(width, width, true));
        kv = register_module("kv", Initialisation.linear(width, 2 * width, true));
        proj = register_module("proj", Initialisation.residual(width, width, true, layers));
        norm2 = register_module("norm2", new Norm.Layer(width));
        mlp = register_module("mlp", new Mlp.Gelu(width, 4 * width, layers));
        norm = register_module("norm", new Norm.Layer(width));
    }

    /** (B, N, D) to (B, D). */
    Tensor forward(Tensor x) {
        Tensor c = token.expand(x.size(0), 1, x.size(2));
        Tensor seen = norm1.forward(Ops.cat(1, c, x));                        // (B, 1 + N, D)
        Tensor keysAndValues = kv.forward(seen);
        Tensor attended = ComposedAttention.apply(Heads.split(q.forward(seen.narrow(1, 0, 1)), heads),
                Heads.split(keysAndValues.narrow(-1, 0, x.size(2)), heads),
                Heads.split(keysAndValues.narrow(-1, x.size(2), x.size(2)), heads), AttentionSpec.softmax());
        c = c.add(proj.forward(Heads.merge(attended)));
        c = c.add(mlp.forward(norm2.forward(c)));
        return norm.forward(c).squeeze(1);
    }
}
