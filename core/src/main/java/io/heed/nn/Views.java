package io.heed.nn;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.Rows;
import io.heed.tensor.View;

/**
 * A kernel's views of tensors, held until the kernel is done; null tensors give null views. Close it when the kernel
 * has returned.
 */
public final class Views implements AutoCloseable {
    private final List<View> open = new ArrayList<>();

    /**
     * The memory of {@code tensor}, to read, or to write where it is fresh and dense: then no view is of a copy.
     */
    public Rows rows(Tensor tensor) {
        if (tensor == null) {
            return null;
        }
        View view = View.read(tensor);
        open.add(view);
        return view.rows();
    }

    /** The same of a (B, N, d) tensor, as one head. */
    public Rows oneHead(Tensor tensor) {
        return tensor == null ? null : rows(tensor.unsqueeze(1));
    }

    @Override
    public void close() {
        open.forEach(View::close);
    }
}
