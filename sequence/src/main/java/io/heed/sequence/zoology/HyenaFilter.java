package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * Hyena's filter: a network with sines over the taps' positions, times a decay that differs by channel.
 *
 * <pre>
 *   h_t = (net(z_t)) (exp(-t |delta_c|) + shift),   net = linear, sin(f .), linear, sin(f .), .., linear without bias
 * </pre>
 *
 * <p>Tensors {@code bias (D)}, {@code pos_emb.z (1, L, E)}, {@code pos_emb.t (1, L, 1)},
 * {@code implicit_filter.{0,2,..}.*}, {@code implicit_filter.{1,3,..}.freq (1, W)} (one tensor under all names),
 * {@code modulation.deltas (1, 1, D)}.
 */
final class HyenaFilter extends Module {
    /**
     * @param width     D
     * @param length    L, taps
     * @param order     W, hidden width of the network
     * @param embedding E, width of the position embedding
     * @param inner     hidden layers after the first
     * @param frequency what the sines' frequencies start from
     * @param fast      by this share of the filter the fastest channel has decayed to the target
     * @param slow      the same of the slowest channel
     * @param target    what the decay reaches there
     * @param shift     added to the decay
     * @param learned   whether the position embedding is trained
     */
    record Config(long width, int length, int order, int embedding, int inner, double frequency, double fast,
            double slow,
                  double target, double shift, boolean learned) { }

    /** A sine with a frequency for each channel that other layers share. */
    private static final class Sine extends Module {
        private Sine(Tensor frequency) {
            super("Sine");
            register_parameter("freq", frequency);
        }
    }

    /** Holds the decays. */
    private static final class Modulation extends Module {
        private final Tensor deltas;

        private Modulation(Config config) {
            super("Modulation");
            double slowest = Math.log(config.target) / config.slow;
            double fastest = Math.log(config.target) / config.fast;
            float[] fresh = new float[(int) config.width];
            for (int c = 0; c < fresh.length; c++) {
                double share = fresh.length == 1 ? 0 : c / (fresh.length - 1.0);
                fresh[c] = (float) (slowest + (fastest - slowest) * share);
            }
            deltas = Registration.buffer(this, "deltas", Ops.of(fresh, 1, 1, config.width));
        }
    }

    private final double shift;
    private final Tensor bias;
    private final FilterPositions positions;
    private final Tensor frequency;
    private final List<LinearImpl> layers = new ArrayList<>();
    private final List<Sine> sines = new ArrayList<>(); // held: libtorch calls back into modules made here
    private final Modulation modulation;

    HyenaFilter(Config config) {
        super("HyenaFilter");
        shift = config.shift;
        bias = Registration.parameter(this, "bias", torch.randn(config.width));
        positions = register_module("pos_emb", new FilterPositions(config.length, config.embedding, config.learned,
                true));
        frequency = torch.ones(1, config.order).mul_(new Scalar(config.frequency)).retainReference();
        ModuleListImpl list = register_module("implicit_filter", new ModuleListImpl());
        for (int layer = 0; layer <= config.inner; layer++) {
            add(list, Initialisation.linear(layer == 0 ? config.embedding : config.order, config.order, true));
            Sine sine = new Sine(frequency);
            sines.add(sine);
            list.push_back(sine);
        }
        add(list, Initialisation.linear(config.order, config.width, false));
        modulation = register_module("modulation", new Modulation(config));
    }

    private void add(ModuleListImpl list, LinearImpl layer) {
        list.push_back(layer);
        layers.add(layer);
    }

    /** The share of the input itself in the convolution's output, (D). */
    Tensor bias() {
        return bias;
    }

    /** (L, D). */
    Tensor taps() {
        Tensor h = positions.z();
        for (LinearImpl layer : layers.subList(0, layers.size() - 1)) {
            h = layer.forward(h).mul(frequency).sin();
        }
        Tensor time = positions.time().orElseThrow();
        Tensor decay = time.mul(modulation.deltas.squeeze(0).abs()).neg().exp();
        return layers.getLast().forward(h).mul(Ops.shift(decay, shift));
    }
}
