package io.heed.sequence.sigmoid;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Bias;
import io.heed.kernels.KeyPadding;
import io.heed.kernels.Mask;
import io.heed.nn.Alibi;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Rotary;

/** What self- and cross-attention share: from heads of queries, keys and values to heads of outputs. */
final class SigmoidHeads {
    private final SigmoidConfig config;
    private final Rotary rotary;
    private final double[] slopes;
    private final Tensor bias;
    private final Tensor temperature;

    /** @param bias b and {@code temperature} temp, buffers (1) of the module, which loading weights may change */
    SigmoidHeads(SigmoidConfig config, Tensor bias, Tensor temperature) {
        this.config = config;
        this.bias = bias;
        this.temperature = temperature;
        rotary = config.positions() == SigmoidConfig.Positions.ROTARY
                ? new Rotary(config.headWidth(), SigmoidConfig.ROTARY_BASE, Rotary.Layout.INTERLEAVED) : null;
        slopes = config.positions() == SigmoidConfig.Positions.ALIBI ? Alibi.slopes(config.heads()) : new double[0];
    }

    /** Queries or keys (B, H, N, d), turned by their positions where these are rotary. */
    Tensor turn(Tensor x, long first) {
        return rotary == null ? x : rotary.apply(x, first);
    }

    /**
     * The equation between heads. A masked logit is -FLT_MAX before temperature and bias, which makes its weight
     * exactly 0: so a mask is all that is needed.
     *
     * @param first     position of the first query among the keys
     * @param positions whether keys are of the queries' own sequence, so that masks and ALiBi apply
     */
    AttentionSpec spec(long first, long keys, KeyPadding padding, boolean positions) {
        double factor = Math.exp(temperature.item_double());
        AttentionSpec spec = AttentionSpec.sigmoid().withScale((float) (factor / Math.sqrt(config.headWidth())))
                .withLogitBias((float) bias.item_double()).withPadding(padding);
        int offset = Math.toIntExact(first);
        if (!positions) {
            return spec;
        }
        if (slopes.length > 0) {
            float[] scaled = new float[slopes.length];
            for (int h = 0; h < scaled.length; h++) {
                scaled[h] = (float) (slopes[h] * factor);
            }
            spec = spec.withBias(new Bias.Alibi(scaled, offset));
        }
        return spec.withMask(mask(offset, keys));
    }

    private Mask mask(int offset, long keys) {
        SigmoidConfig.Window window = config.window();
        if (window.left() >= keys && (config.causal() || window.right() >= keys)) {
            return config.causal() ? new Mask.Causal(offset) : Mask.full();
        }
        int reach = Math.toIntExact(keys);
        return new Mask.SlidingWindow(Math.min(window.left(), reach),
                config.causal() ? 0 : Math.min(window.right(), reach), offset);
    }

    /** The attention matrix P (B, H, Nq, Nk) of turned queries and keys, rows divided, dropout not applied. */
    Tensor matrix(Tensor q, Tensor k, AttentionSpec spec, long first) {
        return divideRows(ComposedAttention.weights(q, k, spec), first);
    }

    /** Attention from query 0 on as an observer sees it: P with its rows divided. */
    AttentionCall call(Tensor q, Tensor k, Tensor v, AttentionSpec spec) {
        AttentionCall plain = AttentionCall.of(q, k, v, spec);
        return new AttentionCall(q, k, v, (from, count) -> divideRows(plain.weights(from, count), from));
    }

    /** P v, (B, H, Nq, d), of turned queries and keys. */
    Tensor attend(Tensor q, Tensor k, Tensor v, AttentionSpec spec, long first, Form form, boolean training) {
        if (training && config.dropout() > 0) {
            if (form == Form.FUSED) {
                throw new IllegalArgumentException(
                        "the fused form cannot drop weights: train with dropout 0 or the form AUTO");
            }
            return ComposedAttention.apply(torch.dropout(matrix(q, k, spec, first), config.dropout(), true), v);
        }
        // dividing P's rows or the output's rows is the same
        return divideRows(form.isFused(q) ? FusedAttention.apply(q, k, v, spec) : ComposedAttention.apply(q, k, v,
                spec),
                first);
    }

    /** Rows i of (B, H, Nq, any) divided by i + 1, its root, or nothing. */
    private Tensor divideRows(Tensor x, long first) {
        if (config.rows() == SigmoidConfig.RowNormalisation.NONE) {
            return x;
        }
        Tensor length = torch.arange(new Scalar(first + 1), new Scalar(first + 1 + x.size(2)), x.options())
                .unsqueeze(-1);
        return x.div(config.rows() == SigmoidConfig.RowNormalisation.LENGTH ? length : length.sqrt());
    }
}
