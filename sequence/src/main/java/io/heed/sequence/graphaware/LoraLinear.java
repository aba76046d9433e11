package io.heed.sequence.graphaware;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;

/**
 * A linear map with a low-rank update (Hu et al., LoRA, arXiv 2106.09685): W x + B A x, B = 0 at first, so that nothing
 * changes until it is trained. Registers {@code name.weight} and, where the rank is not 0, {@code name_lora.a (r, in)}
 * and {@code name_lora.b (out, r)} into its parent.
 */
final class LoraLinear {
    private final LinearImpl map;
    private final Tensor down;
    private final Tensor up;

    LoraLinear(Module parent, String name, LinearImpl map, int rank) {
        this.map = parent.register_module(name, map);
        if (rank == 0) {
            down = null;
            up = null;
            return;
        }
        Module update = parent.register_module(name + "_lora", Registration.group());
        long in = map.weight().size(1);
        down = Registration.parameter(update, "a", Initialisation.truncatedNormal(torch.empty(rank, in),
                1 / Math.sqrt(in)));
        up = Registration.parameter(update, "b", torch.zeros(map.weight().size(0), rank));
    }

    Tensor forward(Tensor x) {
        Tensor y = map.forward(x);
        return down == null ? y : y.add(x.matmul(down.t()).matmul(up.t()));
    }
}
