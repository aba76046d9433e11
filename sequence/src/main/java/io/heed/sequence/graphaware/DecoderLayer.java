package io.heed.sequence.graphaware;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Mlp;
import io.heed.nn.Norm;

/**
 * A pre-norm Llama layer, with or without a {@link SparseGin} between attention and MLP.
 *
 * <pre>
 *   u = x + attention(rms(x)),   u = SparseGin(u),   y = u + mlp(rms(u))
 * </pre>
 *
 * <p>Parameters {@code self_attn.*}, {@code mlp.*}, {@code input_layernorm.weight},
 * {@code post_attention_layernorm.weight},
 * and the SparseGin's.
 */
final class DecoderLayer extends Module {
    /** The position-wise half: SwiGLU, one map, two maps, or only the norm, without the residual. */
    enum MlpKind { STANDARD, LINEAR, SHALLOW, NONE }

    private final MapAttention attention;
    private final MlpKind kind;
    private final Module mlp;
    private final Norm before;
    private final Norm after;
    private final SparseGin gin;

    /**
     * @param hidden F, of the MLP
     * @param sparse the GIN, or null for none
     * @param rank   of low-rank updates of the attention's projections, 0 for none
     */
    DecoderLayer(GraphAwareConfig config, MlpKind kind, long hidden, SparseGinConfig sparse, int rank) {
        super("DecoderLayer");
        this.kind = kind;
        attention = register_module("self_attn", new MapAttention(config, rank));
        mlp = switch (kind) {
            case STANDARD -> register_module("mlp", new Mlp.SwiGlu(config.width(), hidden, 1));
            case LINEAR -> register_module("mlp", new Maps(config.width(), config.width(), false));
            case SHALLOW -> register_module("mlp", new Maps(config.width(), hidden, true));
            case NONE -> null;
        };
        before = register_module("input_layernorm", new Norm.Rms(config.width(), config.epsilon()));
        after = register_module("post_attention_layernorm", new Norm.Rms(config.width(), config.epsilon()));
        gin = sparse == null ? null : new SparseGin(this, sparse);
    }

    /** silu(proj x), perhaps mapped back by {@code proj_out}. */
    private static final class Maps extends Module {
        private final LinearImpl proj;
        private final LinearImpl back;

        Maps(long width, long hidden, boolean back) {
            super("Maps");
            proj = register_module("proj", Initialisation.linear(width, hidden, false));
            this.back = back ? register_module("proj_out", Initialisation.linear(hidden, width, false)) : null;
        }

        Tensor forward(Tensor x) {
            Tensor y = torch.silu(proj.forward(x));
            return back == null ? y : back.forward(y);
        }
    }

    /**
     * What a layer gives.
     *
     * @param out (B, N, D)
     * @param map (B, H, N, N) of its attention
     */
    record Trace(Tensor out, Tensor map) { }

    /** The GIN's graph on an attention map: (B, H, N, N) to (B, N, N). */
    Tensor adjacency(Tensor map) {
        return gin.adjacency(map, is_training());
    }

    /** Runs the layer on x (B, N, D). */
    Trace forward(Tensor x, Form form) {
        Tensor normal = before.forward(x);
        Tensor map = attention.map(normal);
        Tensor u = x.add(attention.forward(normal, map));
        Tensor v = gin == null ? u : gin.forward(u, map, is_training(), form);
        Tensor y = after.forward(v);
        return new Trace(switch (kind) {
            case STANDARD -> v.add(((Mlp) mlp).forward(y));
            case LINEAR, SHALLOW -> v.add(((Maps) mlp).forward(y));
            case NONE -> y;
        }, map);
    }
}
