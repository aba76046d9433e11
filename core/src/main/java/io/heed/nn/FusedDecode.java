package io.heed.nn;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.Decode;
import io.heed.kernels.DecodeSpec;
import io.heed.tensor.View;

/** Attention of one query position against a key/value cache by the CPU kernel, for float32, without gradients. */
public final class FusedDecode {
    private FusedDecode() { }

    /**
     * P v.
     *
     * @param q      (B, H, 1, d)
     * @param keys   (B, G, n, d), H a multiple of G
     * @param values (B, G, n, e)
     * @param spec   what is computed
     * @return (B, H, 1, e)
     * @throws IllegalArgumentException when shapes do not fit, or a tensor is not float32 on the CPU
     */
    public static Tensor apply(Tensor q, Tensor keys, Tensor values, DecodeSpec spec) {
        Tensor out = q.new_empty(q.size(0), q.size(1), 1, values.size(-1));
        try (View qs = View.read(q); View ks = View.read(keys); View vs = View.read(values); View os =
                View.write(out)) {
            Decode.attend(qs.rows(), ks.rows(), vs.rows(), os.rows(), null, spec);
        }
        return out;
    }
}
