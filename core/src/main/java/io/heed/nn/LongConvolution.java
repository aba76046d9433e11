package io.heed.nn;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
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
    /** Channels that are transformed together. */
    private static final long CHANNELS = 16;
    /** Transforms of this length and more are cut into blocks of channels. */
    private static final long LONG = 8192;

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
        // transforms run along memory, a few channels at a time, so that they stay in the cache
        Tensor rows = x.movedim(1, -1).contiguous(); // (B, ..., N)
        Tensor filters = taps.movedim(0, -1).contiguous(); // (..., L)
        int dim = shared(rows, filters);
        long channels = rows.numel() / rows.size(0) / length;
        if (dim < 0 || channels <= CHANNELS || size < LONG) {
            return convolve(rows, filters, size, length).movedim(-1, 1);
        }
        long block = Math.max(1, CHANNELS * rows.size(dim + 1) / channels);
        TensorVector rowBlocks = rows.split(block, dim + 1);
        TensorVector filterBlocks = filters.split(block, dim);
        TensorVector outputs = new TensorVector();
        for (long i = 0; i < rowBlocks.size(); i++) {
            outputs.push_back(convolve(rowBlocks.get(i), filterBlocks.get(i), size, length));
        }
        return torch.cat(outputs, dim + 1).movedim(-1, 1);
    }

    /** The first of the filters' dimensions over which channels have filters of their own; -1 where there is none. */
    private static int shared(Tensor rows, Tensor filters) {
        for (int dim = 0; dim < filters.dim() - 1; dim++) {
            if (filters.dim() == rows.dim() - 1 && filters.size(dim) > 1 && filters.size(dim) == rows.size(dim + 1)) {
                return dim;
            }
        }
        return -1;
    }

    /** (B, ..., N) and (..., L) to (B, ..., N). */
    private static Tensor convolve(Tensor rows, Tensor filters, long size, long length) {
        Tensor product = rfft(rows, size).mul(rfft(filters, size));
        return torch.fft_irfft(product, new LongOptional(size), -1, new StringViewOptional()).narrow(-1, 0, length);
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

    private static Tensor rfft(Tensor x, long size) {
        return torch.fft_rfft(x, new LongOptional(size), -1, new StringViewOptional());
    }

    /** The next power of two, which the transform is fastest at. */
    private static long size(long least) {
        long size = Long.highestOneBit(least);
        return size == least ? size : 2 * size;
    }
}
