package io.heed.graph;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The head of a graph model, an MLP that halves its width twice: D, D / 2, D / 4, outputs, ReLU between. Parameters
 * {@code FC_layers.{0,1,2}.{weight,bias}}.
 */
public final class Readout extends Module {
    private static final int HALVINGS = 2;

    private final List<LinearImpl> layers = new ArrayList<>();

    /** @param outputs classes, or 1 for a regression */
    public Readout(long width, long outputs) {
        super("Readout");
        if (width >> HALVINGS < 1) {
            throw new IllegalArgumentException("the width is " + width + ", must be at least " + (1 << HALVINGS)
                    + " to be halved " + HALVINGS + " times");
        }
        ModuleListImpl list = register_module("FC_layers", new ModuleListImpl());
        for (int i = 0; i <= HALVINGS; i++) {
            LinearImpl layer = new LinearImpl(width >> i, i == HALVINGS ? outputs : width >> i + 1);
            list.push_back(layer);
            layers.add(layer);
        }
    }

    /** (rows, D) to (rows, outputs). */
    public Tensor forward(Tensor x) {
        Tensor y = x;
        for (int i = 0; i < HALVINGS; i++) {
            y = torch.relu(layers.get(i).forward(y));
        }
        return layers.getLast().forward(y);
    }
}
