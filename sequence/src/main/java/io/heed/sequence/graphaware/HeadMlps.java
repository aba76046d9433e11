package io.heed.sequence.graphaware;

import java.util.List;
import java.util.function.Function;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/** A linear map of its own for every head, all heads in one batched product. */
final class HeadMlps {
    private HeadMlps() { }

    /**
     * y_h = x_h W_h^T + b_h.
     *
     * @param x (B, H, N, d)
     * @param maps one a head, (F, d); all with a bias or none
     * @return (B, H, N, F)
     */
    static Tensor linear(Tensor x, List<LinearImpl> maps) {
        Tensor y = x.matmul(stack(maps, LinearImpl::weight).transpose(-2, -1));   // (H, d, F) broadcasts over B
        return maps.getFirst().bias().defined() ? y.add(stack(maps, LinearImpl::bias).unsqueeze(1)) : y;
    }

    /** One tensor of every head, (H, ...). */
    static <T> Tensor stack(List<T> heads, Function<T, Tensor> part) {
        return Ops.stack(0, heads.stream().map(part).toArray(Tensor[]::new));
    }
}
