package io.heed.vision.moh;

import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.moh.HeadRouter;
import io.heed.sequence.moh.MohAttention;
import io.heed.sequence.moh.MohVitAttention;
import io.heed.sequence.moh.MohVitConfig;
import io.heed.tensor.Ops;
import io.heed.vision.GridConfig;
import io.heed.vision.GridMixer;
import io.heed.vision.GridMixerKind;

/**
 * Mixture-of-head attention over the whole grid, with a bias for each relative place. Parameters {@code attn.*} of
 * {@link MohVitAttention}.
 */
public final class MohMixer extends GridMixer {
    /** What {@link io.heed.vision.GridMixers} lists. */
    public static final GridMixerKind KIND = new GridMixerKind("moh", List.of("mixture-of-head"),
            "attention over the whole grid of which every token uses some heads only, weighed by routers",
            List.of(new MixerOption("shared", "quarter", "heads that are always on; standard: a quarter of them"),
                    new MixerOption("routed", "half", "further heads that are on for a token; standard: half of all"),
                    new MixerOption("router", "learned", "learned or none (all heads on)"),
                    new MixerOption("gates", "scaled",
                            "scaled, as in the authors' code, or paper, as in the equations"),
                    new MixerOption("balance", "0.01", "weight of the load-balance loss"),
                    new MixerOption("heads", "all", "heads that are built, of the width that all would have"),
                    new MixerOption("hidden", "64", "hidden width of the MLP that gives the bias; 512 in the paper's"
                            + " models")),
            MohMixer::new);

    private enum Router { LEARNED, NONE }

    /** Rows and columns of pretraining are spread over this far in the paper's coordinates. */
    private static final double REACH = 8;

    private final MohVitAttention attention;
    private final double balance;
    private final int rows;
    private final int columns;

    /**
     * Builds it with fresh weights.
     *
     * @throws IllegalArgumentException in one line for heads that do not fit each other
     */
    public MohMixer(GridConfig place) {
        super("MohMixer");
        MixerOptions options = MixerOptions.of(place.options());
        int heads = options.integer("heads", place.heads());
        if (heads < 1 || heads > place.heads()) {
            throw new IllegalArgumentException("option heads=" + heads + ": must be from 1 to " + place.heads());
        }
        rows = place.rows();
        columns = place.columns();
        balance = options.number("balance", 0.01) / place.layers();
        attention = register_module("attn", new MohVitAttention(new MohVitConfig(place.width(), heads,
                place.headWidth(), options.integer("shared", heads / 4),
                options.integer("routed", Math.max(1, heads / 2)),
                options.choice("router", Router.class, Router.LEARNED) == Router.LEARNED,
                options.choice("gates", HeadRouter.Gates.class, HeadRouter.Gates.SCALED), place.tokens(),
                options.integer("hidden", 64), place.layers())));
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor table = Ops.of(coordinates(rows, columns), (2L * rows - 1) * (2L * columns - 1), 2)
                .to(x.device(), Ops.type(x));
        Tensor index = Ops.of(places(rows, columns), (long) rows * columns, (long) rows * columns)
                .to(x.device(), ScalarType.Long);
        MohAttention.Trace trace = attention.forward(x.flatten(1, 2), index, table, context);
        if (trace.loss() != null && balance > 0) {
            context.addLoss(Ops.scale(trace.loss(), balance));
        }
        return trace.out().view_as(x);
    }

    /** Log-spaced coordinates of every offset, (2 H - 1) (2 W - 1) pairs, rows slowest. */
    static double[] coordinates(int rows, int columns) {
        double[] table = new double[2 * (2 * rows - 1) * (2 * columns - 1)];
        int at = 0;
        for (int down = 1 - rows; down < rows; down++) {
            for (int right = 1 - columns; right < columns; right++) {
                table[at++] = spaced(down, rows);
                table[at++] = spaced(right, columns);
            }
        }
        return table;
    }

    private static double spaced(int offset, int side) {
        double r = REACH * offset / Math.max(1, side - 1);
        return Math.signum(r) * Math.log1p(Math.abs(r)) / Math.log(REACH);
    }

    /** The table's row for each pair of cells, queries slowest. */
    static long[] places(int rows, int columns) {
        int cells = rows * columns;
        long[] places = new long[cells * cells];
        for (int i = 0, at = 0; i < cells; i++) {
            for (int j = 0; j < cells; j++, at++) {
                int down = j / columns - i / columns + rows - 1;
                int right = j % columns - i % columns + columns - 1;
                places[at] = (long) down * (2 * columns - 1) + right;
            }
        }
        return places;
    }
}
