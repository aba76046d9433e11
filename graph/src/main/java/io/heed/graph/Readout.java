package io.heed.graph;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The head of a graph model, an MLP of two hidden layers with ReLU, usually D, D / 2, D / 4, outputs. Parameters
 * {@code FC_layers.{0,1,2}.{weight,bias}}.
 */
public final class Readout extends Module {
    private static final int NARROWEST = 4;

    private final List<LinearImpl> layers = new ArrayList<>();

    /**
     * A head that halves its width twice.
     *
     * @param outputs classes, or 1 for a regression
     */
    public Readout(long width, long outputs) {
        this(width, width / 2, outputs);
    }

    /**
     * A head whose first hidden layer has a width of its own; the second keeps D / 4.
     *
     * @param hidden width of the first hidden layer
     */
    public Readout(long width, long hidden, long outputs) {
        super("Readout");
        if (width < NARROWEST) {
            throw new IllegalArgumentException("the width is " + width + ", must be at least " + NARROWEST
                    + " to be halved twice");
        }
        long[] widths = {width, hidden, width / 4, outputs};
        ModuleListImpl list = register_module("FC_layers", new ModuleListImpl());
        for (int i = 0; i + 1 < widths.length; i++) {
            LinearImpl layer = new LinearImpl(widths[i], widths[i + 1]);
            list.push_back(layer);
            layers.add(layer);
        }
    }

    /** (rows, D) to (rows, outputs). */
    public Tensor forward(Tensor x) {
        Tensor y = x;
        for (int i = 0; i < layers.size() - 1; i++) {
            y = torch.relu(layers.get(i).forward(y));
        }
        return layers.getLast().forward(y);
    }
}
