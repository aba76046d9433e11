package io.heed.sequence.cab;

import java.util.Optional;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/**
 * Queries and the keys around them, cut so that a causal window costs what it holds: tiles of w queries with their own
 * w keys and the w before, or all in one tile.
 *
 * @param queries   (B, H, T, rows, d)
 * @param keys      (B, H, T, columns, d)
 * @param values    (B, H, T, columns, d)
 * @param distances how far before a row a column stands, (rows, columns), the same in every tile
 * @param hidden    columns that hold no token, (B or 1, 1, T, 1, columns)
 */
record Tiles(Tensor queries, Tensor keys, Tensor values, Tensor distances, Optional<Tensor> hidden) {
    /** @param offset column of the first query */
    static Tiles one(Tensor q, Tensor k, Tensor v, Optional<Tensor> padded, long offset) {
        return new Tiles(q.unsqueeze(2), k.unsqueeze(2), v.unsqueeze(2), distances(q, q.size(2), k.size(2), offset),
                padded.map(mask -> mask.unsqueeze(1).unsqueeze(1).unsqueeze(1)));
    }

    /** Tiles of w queries over as many keys as queries. */
    static Tiles blocks(Tensor q, Tensor k, Tensor v, Optional<Tensor> padded, int window) {
        long missing = (window - q.size(2) % window) % window;
        Tensor absent = torch.arange(new Scalar(q.size(2) + missing), Ops.options(ScalarType.Long)).ge(
                new Scalar(q.size(2))).to(q.device(), ScalarType.Bool).unsqueeze(0);
        Tensor ends = padded.map(mask -> Ops.cat(1, mask, absent.narrow(1, q.size(2), missing)
                .expand(mask.size(0), missing))).orElse(absent); // (B or 1, T w)
        Tensor own = ends.unflatten(1, -1, window);
        Tensor before = Ops.cat(1, torch.ones_like(own.narrow(1, 0, 1)), own.narrow(1, 0, own.size(1) - 1));
        return new Tiles(filled(q, missing).unflatten(2, -1, window), pairs(k, missing, window),
                pairs(v, missing, window), distances(q, window, 2L * window, window),
                Optional.of(Ops.cat(2, before, own).unsqueeze(1).unsqueeze(3)));
    }

    /** Each block with the one before it: (B, H, T, 2 w, d). */
    private static Tensor pairs(Tensor x, long missing, int window) {
        Tensor own = filled(x, missing).unflatten(2, -1, window);
        Tensor before = Ops.cat(2, torch.zeros_like(own.narrow(2, 0, 1)), own.narrow(2, 0, own.size(2) - 1));
        return Ops.cat(3, before, own);
    }

    private static Tensor filled(Tensor x, long missing) {
        return missing == 0 ? x : Ops.cat(2, x, torch.zeros(new long[] {x.size(0), x.size(1), missing, x.size(3)},
                x.options()));
    }

    private static Tensor distances(Tensor like, long rows, long columns, long offset) {
        Tensor row = torch.arange(new Scalar(rows), Ops.options(ScalarType.Long)).unsqueeze(1);
        Tensor distances = row.sub(torch.arange(new Scalar(columns), Ops.options(ScalarType.Long)));
        return distances.add(new Scalar(offset)).to(like.device(), ScalarType.Long);
    }

    /** What belongs to the queries, (B, H, n, c), by tiles: (B, H, T, rows, c). */
    Tensor split(Tensor x) {
        long rows = queries.size(3);
        return filled(x, queries.size(2) * rows - x.size(2)).unflatten(2, queries.size(2), rows);
    }

    /** The opposite, (B, H, n, d). */
    Tensor merge(Tensor x, long queries) {
        return x.flatten(2, 3).narrow(2, 0, queries);
    }
}
