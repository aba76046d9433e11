package io.heed.bench;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.AdditiveScores;
import io.heed.kernels.Rows;
import io.heed.tensor.View;

/** A pointer network's scores v . tanh(k + q) against the sums made whole in libtorch, at the paper's width. */
final class PointerBenches {
    private static final int WIDTH = 256;

    private PointerBenches() { }

    static List<BenchCase> all() {
        return List.of(scores(64, 51, 51), scores(1, 64, 4096));
    }

    private static BenchCase scores(int sets, int steps, int points) {
        return new SideBySide("pointer-scores", sets + "x" + steps + "x" + points + "x" + WIDTH,
                "sums made whole in libtorch", () -> {
            Tensor queries = Tensors.normal(sets, steps, WIDTH);
            Tensor keys = Tensors.normal(sets, points, WIDTH);
            Tensor v = Tensors.normal(WIDTH);
            Tensor out = Tensors.zeros(sets, steps, points);
            Tensor expected = Tensors.zeros(sets, steps, points);
            Rows q = View.read(queries).rows();
            Rows k = View.read(keys).rows();
            Rows w = View.read(v).rows();
            Rows o = View.write(out).rows();
            return new SideBySide.Sides(() -> AdditiveScores.forward(q, k, w, o), () -> {
                try (PointerScope _ = new PointerScope()) {
                    expected.set_data(keys.unsqueeze(1).add(queries.unsqueeze(2)).tanh_().matmul(v));
                }
            }, () -> Tensors.difference(out, expected), 1e-4);
        });
    }
}
