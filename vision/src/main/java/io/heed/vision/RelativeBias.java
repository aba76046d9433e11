package io.heed.vision;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * A learned logit for each head and each offset between two tokens of a grid (Swin, arXiv 2103.14030, equation 4).
 * Parameter {@code table ((2H - 1)(2W - 1), heads)}.
 */
public final class RelativeBias extends Module {
    private final Tensor table;
    private final long[] places;
    private final long tokens;

    /** A fresh table for grids of {@code rows} by {@code columns}. */
    public RelativeBias(int heads, int rows, int columns) {
        super("RelativeBias");
        long offsets = (2L * rows - 1) * (2L * columns - 1);
        table = Registration.parameter(this, "table",
                Initialisation.truncatedNormal(torch.empty(offsets, heads), Initialisation.DEVIATION));
        tokens = (long) rows * columns;
        places = new long[Math.toIntExact(tokens * tokens)];
        for (int i = 0, at = 0; i < tokens; i++) {
            for (int j = 0; j < tokens; j++, at++) {
                int down = j / columns - i / columns + rows - 1;
                int right = j % columns - i % columns + columns - 1;
                places[at] = (long) down * (2 * columns - 1) + right;
            }
        }
    }

    /** The bias of all pairs, (heads, N, N), tokens in raster order. */
    public Tensor forward() {
        Tensor index = Ops.of(places, places.length).to(table.device(), torch.ScalarType.Long);
        return table.index_select(0, index).view(tokens, tokens, -1).permute(2, 0, 1);
    }
}
