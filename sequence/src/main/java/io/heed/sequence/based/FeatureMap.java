package io.heed.sequence.based;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/** How queries and keys become features of a normalised causal linear attention. */
public enum FeatureMap {
    /** The second-order expansion of exp(q . k / sqrt(f)): BASED. */
    TAYLOR {
        @Override
        Tensor empty(long batch, long heads, long f, long e, Tensor like) {
            return TaylorAttention.empty(batch, heads, f, e, like);
        }

        @Override
        Tensor outputs(Tensor q, Tensor k, Tensor v, Padding padding, double epsilon, Form form) {
            return TaylorAttention.outputs(q, k, v, padding, epsilon, form);
        }

        @Override
        TaylorAttention.Result extend(Tensor q, Tensor k, Tensor v, Tensor state, double epsilon) {
            return TaylorAttention.extend(q, k, v, state, epsilon);
        }

        @Override
        Tensor weights(Tensor q, Tensor k) {
            return TaylorAttention.weights(q, k);
        }
    },

    /** elu(x) + 1 (Katharopoulos et al. 2020, arXiv 2006.16236): what the paper compares with, f features only. */
    ELU {
        @Override
        Tensor empty(long batch, long heads, long f, long e, Tensor like) {
            return torch.zeros(new long[] {batch, heads, f, e + 1}, like.detach().options());
        }

        @Override
        Tensor outputs(Tensor q, Tensor k, Tensor v, Padding padding, double epsilon, Form form) {
            Tensor keys = positive(k);
            if (padding != null) {
                keys = Ops.fill(keys, padding.mask().unsqueeze(1).unsqueeze(-1), 0);
            }
            return divided(CausalLinearAttention.outputs(positive(q), keys, withOne(v), new double[(int) q.size(1)],
                    form), epsilon);
        }

        @Override
        TaylorAttention.Result extend(Tensor q, Tensor k, Tensor v, Tensor state, double epsilon) {
            CausalLinearAttention.Result result = CausalLinearAttention.withState(positive(q), positive(k), withOne(v),
                    new double[(int) q.size(1)], state, Form.AUTO);
            return new TaylorAttention.Result(divided(result.out(), epsilon), result.state());
        }

        @Override
        Tensor weights(Tensor q, Tensor k) {
            return positive(q).matmul(positive(k).transpose(-2, -1)).tril();
        }
    };

    /** The state before the first token, (B, H, features, e + 1). */
    abstract Tensor empty(long batch, long heads, long f, long e, Tensor like);

    /** As {@link TaylorAttention#outputs}. */
    abstract Tensor outputs(Tensor q, Tensor k, Tensor v, Padding padding, double epsilon, Form form);

    /** As {@link TaylorAttention#extend}. */
    abstract TaylorAttention.Result extend(Tensor q, Tensor k, Tensor v, Tensor state, double epsilon);

    /** phi(q) . phi(k) up to the diagonal, (B, H, N, N). */
    abstract Tensor weights(Tensor q, Tensor k);

    private static Tensor positive(Tensor x) {
        return Ops.shift(torch.elu(x), 1);
    }

    /** A column of ones gives the sum of weights. */
    private static Tensor withOne(Tensor v) {
        return Ops.cat(-1, v, torch.ones_like(v.narrow(-1, 0, 1)));
    }

    private static Tensor divided(Tensor sums, double epsilon) {
        long e = sums.size(-1) - 1;
        return sums.narrow(-1, 0, e).div(Ops.shift(sums.narrow(-1, e, 1), epsilon));
    }
}
