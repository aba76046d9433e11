package io.heed.nn;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * The causal convolution of every channel with a filter as long as the sequence, by FFT in O(N log N):
 *
 * <pre>
 *   y_t = sum_{j <= t} h_j * x_(t - j)
 * </pre>
 *
 * <p>Both are padded with zeros to at least N + L - 1, so that the circular convolution of the transforms does not
 * wrap.
 */
public final class LongConvolution {
    private LongConvolution() { }

    /**
     * y.
     *
     * @param x      (B, N, ...)
     * @param filter h, (L, ...), its trailing dimensions those of x or broadcast to them; taps beyond N are not used,
     *               and a shorter filter counts as 0 beyond L
     * @return (B, N, ...)
     */
    public static Tensor apply(Tensor x, Tensor filter) {
        long length = x.size(1);
        Tensor taps = filter.size(0) > length ? filter.narrow(0, 0, length) : filter;
        long size = size(length + taps.size(0) - 1);
        Tensor product = rfft(x, size, 1).mul(rfft(taps, size, 0));
        return torch.fft_irfft(product, new LongOptional(size), 1, new StringViewOptional()).narrow(1, 0, length);
    }

    /** The same by definition, in O(N^2): what tests hold {@link #apply} to. */
    static Tensor direct(Tensor x, Tensor filter) {
        Tensor y = torch.zeros_like(x);
        for (long j = 0; j < Math.min(x.size(1), filter.size(0)); j++) {
            Tensor moved = x.narrow(1, 0, x.size(1) - j).mul(filter.select(0, j));
            y = y.add(Ops.cat(1, torch.zeros_like(x.narrow(1, 0, j)), moved));
        }
        return y;
    }

    private static Tensor rfft(Tensor x, long size, long dim) {
        return torch.fft_rfft(x, new LongOptional(size), dim, new StringViewOptional());
    }

    /** The next power of two, which the transform is fastest at. */
    private static long size(long least) {
        long size = Long.highestOneBit(least);
        return size == least ? size : 2 * size;
    }
}
