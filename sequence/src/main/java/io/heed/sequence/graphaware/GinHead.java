package io.heed.sequence.graphaware;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;

/**
 * The parameters of one head of GIN attention: {@code epsilon} (), {@code mlp.0.{weight (F,d), bias}},
 * {@code normlayer.weight (F)}, {@code mlp.4.{weight (d,F), bias}}. {@link HeadMlps} runs all heads at once.
 */
final class GinHead extends Module {
    final Tensor epsilon;
    final LinearImpl first;
    final LinearImpl second;
    final Tensor norm;

    GinHead(long width, long hidden) {
        super("GinHead");
        epsilon = Scores.number(this, "epsilon", 0);
        norm = Registration.parameter(register_module("normlayer", Registration.group()), "weight",
                torch.ones(hidden));
        Module mlp = register_module("mlp", Registration.group());
        first = mlp.register_module("0", Initialisation.linear(width, hidden, true));
        second = mlp.register_module("4", Initialisation.linear(hidden, width, true));
    }
}
