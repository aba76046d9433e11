package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;

/**
 * The long-term memory as a layer of its own (LMM): out = W_out (RMS(y) * norm * silu(W_gate x)), y what each token
 * reads after it was written. It goes on learning while it decodes.
 *
 * <p>Parameters of {@link NeuralMemory}, {@code norm.weight (D)}, {@code to_gate.weight (D, D)},
 * {@code to_out.weight (D, D)}.
 */
public final class MemoryLayer extends SequenceMixer {
    private final NeuralMemory memory;
    private final Norm norm;
    private final LinearImpl gate;
    private final LinearImpl out;

    MemoryLayer(NeuralMemory.Config config, double epsilon, int layers) {
        super("MemoryLayer");
        memory = new NeuralMemory(this, config);
        norm = register_module("norm", new Norm.Rms(config.width(), epsilon));
        gate = register_module("to_gate", Initialisation.linear(config.width(), config.width(), false));
        out = register_module("to_out", Initialisation.residual(config.width(), config.width(), false, layers));
    }

    /** The layer's output, and the memory after the last token. */
    record Result(Tensor out, MemoryWeights memory) { }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        return run(x, context).out;
    }

    /** {@link #forward} with the memory that it leaves. */
    Result run(Tensor x, MixerContext context) {
        NeuralMemory.Tokens tokens = memory.tokens(x, context.padding(), context.form());
        MemoryWeights.Read read = memory.run(tokens, memory.fresh(x.size(0)), 0, context.form());
        return new Result(output(read.out(), x), read.after());
    }

    @Override
    public MixerState state(long batch) {
        return MemoryState.of(batch, () -> memory.fresh(batch), () -> memory.histories(batch));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            int layers = memory.config().dimensions().size() - 1;
            List<Tensor> histories = new ArrayList<>();
            for (int i = 3 * layers; i < held.count(); i++) {
                histories.add(held.get(i));
            }
            NeuralMemory.Tokens tokens = memory.extend(x, histories);
            MemoryWeights.Read read = memory.run(tokens, MemoryState.get(held, layers), held.position(), Form.AUTO);
            Tensor y = output(read.out(), x);
            MemoryState.set(held, read.after());
            for (int i = 0; i < histories.size(); i++) {
                held.set(3 * layers + i, histories.get(i));
            }
            held.advance(x.size(1));
            return y;
        }
    }

    private Tensor output(Tensor read, Tensor x) {
        return out.forward(norm.forward(read).mul(torch.silu(gate.forward(x))));
    }
}
