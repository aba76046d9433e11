package io.heed.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.Workers;
import io.heed.tensor.Ops;

/**
 * AdamW (Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2), with the gradient
 * clipped by its global norm. Two groups: matrices decay; biases, norms and other vectors do not.
 *
 * <p>Same numbers as libtorch's, but the moments are ours to save, the update is one pass over float32 memory on the
 * CPU, and the work is cut by size alone, so results do not depend on the number of threads. Parameters of another type
 * or device take the same update composed of tensor operations.
 */
final class AdamW implements AutoCloseable {
    private static final int CHUNK = 1 << 15;

    /** One trained parameter with its moments. A parameter that gets no gradient in a step is left as it is. */
    private static final class Slot {
        final NamedTensor parameter;
        final Tensor first;
        final Tensor second;
        final boolean decays;
        final long count;
        long steps;

        // this step's view of the parameter; addresses are 0 where the update is composed
        Tensor gradient;
        long valueAddress;
        long gradientAddress;
        AdamWKernel.Factors factors;

        Slot(NamedTensor parameter, boolean decays) {
            this.parameter = parameter;
            this.decays = decays;
            this.count = parameter.tensor().numel();
            try (PointerScope scope = new PointerScope(); NoGradGuard none = new NoGradGuard()) {
                Tensor detached = parameter.tensor().detach();
                first = torch.zeros_like(detached).contiguous().retainReference();
                second = torch.zeros_like(detached).contiguous().retainReference();
            }
        }

        boolean fused() {
            return gradientAddress != 0;
        }
    }

    private record Chunk(Slot slot, long offset, long count) { }

    private final TrainConfig config;
    private final List<Slot> slots = new ArrayList<>();
    private final List<Chunk> chunks = new ArrayList<>();
    private final double[] partial;

    /** Takes the parameters that require a gradient. */
    AdamW(List<NamedTensor> parameters, TrainConfig config) {
        this.config = config;
        for (NamedTensor parameter : parameters) {
            if (parameter.tensor().requires_grad()) {
                Slot slot = new Slot(parameter, decays(parameter));
                slots.add(slot);
                for (long offset = 0; offset < slot.count; offset += CHUNK) {
                    chunks.add(new Chunk(slot, offset, Math.min(CHUNK, slot.count - offset)));
                }
            }
        }
        partial = new double[chunks.size()];
    }

    private boolean decays(NamedTensor parameter) {
        boolean table = parameter.name().toLowerCase(Locale.ROOT).contains("embed");
        return parameter.tensor().dim() >= 2 && (config.decayEmbeddings() || !table);
    }

    /** Trained numbers. */
    long count() {
        return slots.stream().mapToLong(slot -> slot.count).sum();
    }

    /**
     * 2-norm of all gradients together; finite if and only if every gradient is. Looks at the gradients that the
     * backward pass left, and must come before {@link #update} in every step, in the same {@code PointerScope}.
     */
    double gradientNorm() {
        Tensor elsewhere = null;
        for (Slot slot : slots) {
            Tensor value = slot.parameter.tensor();
            slot.gradient = value.grad();
            slot.gradientAddress = 0;
            if (!slot.gradient.defined()) {
                continue;
            }
            if (value.is_cpu() && Ops.type(value) == ScalarType.Float && value.is_contiguous()) {
                slot.gradient = slot.gradient.contiguous();
                slot.valueAddress = value.data_ptr().address();
                slot.gradientAddress = slot.gradient.data_ptr().address();
            } else {
                try (NoGradGuard none = new NoGradGuard()) {
                    Tensor norm = slot.gradient.norm().to(ScalarType.Double);
                    elsewhere = elsewhere == null ? norm.mul(norm) : elsewhere.add(norm.mul(norm));
                }
            }
        }
        Workers.run(chunks.size(), i -> {
            Chunk chunk = chunks.get(i);
            partial[i] = chunk.slot.fused()
                    ? AdamWKernel.sumOfSquares(chunk.slot.gradientAddress + chunk.offset * Float.BYTES, chunk.count)
                    : 0;
        });
        double sum = elsewhere == null ? 0 : elsewhere.item_double();
        for (double part : partial) {
            sum += part;
        }
        return Math.sqrt(sum);
    }

    /**
     * Updates every parameter from the gradients that {@link #gradientNorm} saw.
     *
     * @param rate learning rate
     * @param norm what {@link #gradientNorm} returned
     * @return whether all parameters and second moments are finite afterwards
     */
    boolean update(double rate, double norm) {
        double scale = config.clip() > 0 && norm > config.clip() ? config.clip() / (norm + 1e-6) : 1;
        boolean finite = true;
        for (Slot slot : slots) {
            if (!slot.gradient.defined()) {
                continue;
            }
            slot.steps++;
            if (slot.fused()) {
                slot.factors = new AdamWKernel.Factors((float) scale, (float) keep(slot, rate), (float) config.beta1(),
                        (float) config.beta2(), (float) (rate / (1 - Math.pow(config.beta1(), slot.steps))),
                        (float) (1 / Math.sqrt(1 - Math.pow(config.beta2(), slot.steps))), (float) config.epsilon());
            } else {
                finite &= composed(slot, rate, scale);
            }
        }
        Workers.run(chunks.size(), i -> {
            Chunk chunk = chunks.get(i);
            Slot slot = chunk.slot;
            long offset = chunk.offset * Float.BYTES;
            partial[i] = !slot.fused() || AdamWKernel.update(slot.valueAddress + offset, slot.gradientAddress + offset,
                    slot.first.data_ptr().address() + offset, slot.second.data_ptr().address() + offset, chunk.count,
                    slot.factors) ? 0 : 1;
        });
        for (double failed : partial) {
            finite &= failed == 0;
        }
        return finite;
    }

    private double keep(Slot slot, double rate) {
        return slot.decays ? 1 - rate * config.weightDecay() : 1;
    }

    /** The same update in tensor operations, on any device and type. */
    private boolean composed(Slot slot, double rate, double scale) {
        try (NoGradGuard none = new NoGradGuard()) {
            Tensor value = slot.parameter.tensor();
            Tensor gradient = slot.gradient.mul(new Scalar(scale));
            value.mul_(new Scalar(keep(slot, rate)));
            slot.first.mul_(new Scalar(config.beta1())).add_(gradient, new Scalar(1 - config.beta1()));
            slot.second.mul_(new Scalar(config.beta2()))
                    .addcmul_(gradient, gradient, new Scalar(1 - config.beta2()));
            Tensor denominator = slot.second.sqrt()
                    .div_(new Scalar(Math.sqrt(1 - Math.pow(config.beta2(), slot.steps))))
                    .add_(new Scalar(config.epsilon()));
            value.addcdiv_(slot.first, denominator,
                    new Scalar(-rate / (1 - Math.pow(config.beta1(), slot.steps))));
            return finite(value) && finite(slot.second);
        }
    }

    /** The first parameter, in the model's order, whose gradient is not finite. */
    Optional<String> gradientNotFinite() {
        return slots.stream().filter(slot -> slot.gradient.defined() && !finite(slot.gradient))
                .map(slot -> slot.parameter.name()).findFirst();
    }

    /** The first parameter, in the model's order, whose value or second moment is not finite. */
    Optional<String> valueNotFinite() {
        return slots.stream().filter(slot -> !finite(slot.parameter.tensor()) || !finite(slot.second))
                .map(slot -> slot.parameter.name()).findFirst();
    }

    private static boolean finite(Tensor tensor) {
        try (PointerScope scope = new PointerScope()) {
            return tensor.detach().isfinite().all().item_bool();
        }
    }

    /** The moments by parameter name, {@code first.<name>} and {@code second.<name>}: the live tensors, not copies. */
    Map<String, Tensor> moments() {
        Map<String, Tensor> moments = new LinkedHashMap<>();
        for (Slot slot : slots) {
            moments.put("first." + slot.parameter.name(), slot.first);
            moments.put("second." + slot.parameter.name(), slot.second);
        }
        return moments;
    }

    /** Updates that each parameter has had, in the model's order. */
    long[] steps() {
        return slots.stream().mapToLong(slot -> slot.steps).toArray();
    }

    /** Sets what {@link #steps} returned. */
    void steps(long[] steps) {
        if (steps.length != slots.size()) {
            throw new IllegalArgumentException("the checkpoint holds step counts of " + steps.length
                    + " parameters, the model trains " + slots.size());
        }
        for (int i = 0; i < steps.length; i++) {
            slots.get(i).steps = steps[i];
        }
    }

    @Override
    public void close() {
        for (Slot slot : slots) {
            slot.first.releaseReference();
            slot.second.releaseReference();
        }
    }
}
