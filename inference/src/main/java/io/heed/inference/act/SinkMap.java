package io.heed.inference.act;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/**
 * Calibration of whole attention maps, as the equations are written.
 *
 * @param attention the calibrated maps (B, H, N, N)
 * @param score     a, (B, H, N)
 * @param sink      where a exceeds tau, before the kept one is taken out, (B, H, N)
 */
public record SinkMap(Tensor attention, Tensor score, Tensor sink) {
    /**
     * Calibrates causal maps.
     *
     * @param maps  (B, H, N, N)
     * @param heads which heads; the others stay as they are, with scores and sinks all the same
     */
    public static SinkMap of(Tensor maps, int[] heads, Calibration calibration) {
        long length = maps.size(-1);
        Tensor seen = torch.arange(new Scalar(length), new Scalar(0), new Scalar(-1), Ops.options(Ops.type(maps)));
        Tensor score = maps.sum(-2).div(seen); // queries that can see token k: N - k
        Tensor sink = score.gt(new Scalar(calibration.tau((int) length)));
        Tensor damped = withoutKept(sink, calibration);
        Tensor chosen = torch.zeros(new long[] {1, maps.size(1), 1}, Ops.options(ScalarType.Bool)).clone();
        for (int head : heads) {
            if (head < 0 || head >= maps.size(1)) {
                throw new IllegalArgumentException("act: there is no head " + head + ", there are " + maps.size(1));
            }
            chosen.narrow(1, head, 1).fill_(new Scalar(1));
        }
        return new SinkMap(damp(maps, damped.logical_and(chosen), calibration.beta()), score, sink);
    }

    private static Tensor withoutKept(Tensor sink, Calibration calibration) {
        Tensor index = torch.arange(new Scalar(sink.size(-1)), Ops.options(ScalarType.Long));
        return switch (calibration.keep()) {
            case TOKEN0 -> sink.logical_and(index.ne(new Scalar(0)));
            // the first of equal maxima
            case FIRST_FOUND -> sink.logical_and(sink.to(ScalarType.Long).cumsum(-1).ne(new Scalar(1))
                    .logical_or(sink.logical_not()));
        };
    }

    /** A' of maps with sinks (B, H, N). A row whose weight lies on sinks alone has nowhere to hand it: it stays. */
    static Tensor damp(Tensor maps, Tensor sinks, double beta) {
        Tensor columns = sinks.unsqueeze(-2); // (B, H, 1, N)
        Tensor onSinks = maps.mul(columns);
        Tensor rest = maps.sub(onSinks);
        Tensor restSum = rest.sum(new long[] {-1}, true, new ScalarTypeOptional());
        Tensor freed = onSinks.sum(new long[] {-1}, true, new ScalarTypeOptional())
                .mul(new Scalar(1 - beta));
        Tensor calibrated = rest.add(freed.mul(rest).div(restSum)).add(onSinks.mul(new Scalar(beta)));
        return torch.where(restSum.gt(new Scalar(0)), calibrated, maps);
    }
}
