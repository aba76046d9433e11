package io.heed.bench;

import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.Decode;
import io.heed.kernels.DecodeSpec;
import io.heed.kernels.Rows;
import io.heed.tensor.View;

/** One new token against a long key/value cache: the share of the memory-read rate that decoding reaches. */
final class DecodeBenches {
    private static final int HEADS = 8;
    private static final int CACHED = 32768;
    private static final int WIDTH = 64;

    private DecodeBenches() { }

    static List<BenchCase> all() {
        return List.of(new SideBySide("decode", "1x" + HEADS + "x" + CACHED + "x" + WIDTH,
                "plain sum over the same bytes",
                () -> {
                    Tensor query = Tensors.normal(1, HEADS, 1, WIDTH);
                    Tensor key = Tensors.normal(1, HEADS, CACHED, WIDTH);
                    Tensor value = Tensors.normal(1, HEADS, CACHED, WIDTH);
                    Tensor out = Tensors.zeros(1, HEADS, 1, WIDTH);
                    Rows q = View.read(query).rows();
                    Rows k = View.read(key).rows();
                    Rows v = View.read(value).rows();
                    Rows o = View.write(out).rows();
                    DecodeSpec spec = DecodeSpec.softmax();
                    return new SideBySide.Sides(() -> Decode.attend(q, k, v, o, null, spec),
                            () -> MemoryRead.sum(k.data(), v.data()),
                            () -> Tensors.difference(out, torch.scaled_dot_product_attention(query, key, value)), 1e-5);
                }));
    }
}
