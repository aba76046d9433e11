package io.heed.bench;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;

/** Whole mixers, forward and backward: the fused form against the composed one. */
final class FormBenches {
    static final String NAME = "mixer-forms ";
    private static final int LENGTH = 4096;
    private static final int WIDTH = 128;
    private static final int HEADS = 2;

    /**
     * Mixers that have a fused form, and some options that take a way of their own. What is fused of qLSTM and RG-LRU
     * is their recurrence, which {@link SelectiveBenches} measures alone.
     */
    private static final List<String> FUSED = List.of("softmax", "sigmoid-attention", "lightning-attention", "aaren",
            "transnormer-llm", "based:part=taylor", "based:part=window", "flowformer",
            "base-conv", "rwkv", "sparse-lookups", "prob-sparse",
            "linear-attention", "normalised-attention", "s6", "ssd", "mamba", "local-attention",
            "abc", "routing-transformer", "combiner:layout=fixed", "combiner:layout=log-sparse",
            "landmark-attention:block=63", "cca-attention:group=16,window=256",
            "moh", "titans", "titans-mac", "titans-mag", "titans-mal", "graph-aware-attention",
            "pna-attention:maximum=own");

    private FormBenches() { }

    static List<BenchCase> all() {
        return FUSED.stream().map(FormBenches::forms).toList();
    }

    private static BenchCase forms(String mixer) {
        return new SideBySide(NAME + mixer, "1x" + LENGTH + "x" + WIDTH, "the composed form", () -> {
            Layer layer = new Layer(mixer);
            Tensor[] fused = layer.results();
            Tensor[] composed = layer.results();
            return new SideBySide.Sides(() -> layer.forwardBackward(Form.FUSED, fused),
                    () -> layer.forwardBackward(Form.REFERENCE, composed),
                    () -> Math.max(Tensors.difference(fused[0], composed[0]), Tensors.difference(fused[1],
                            composed[1])), 1e-4);
        });
    }

    /** A mixer with its input and the gradient that comes back to it. */
    private static final class Layer {
        private final SequenceMixer mixer;
        private final Tensor input;
        private final Tensor gradient;

        Layer(String spec) {
            torch.manual_seed(1);
            MixerSpec parsed = MixerSpec.parse(spec);
            boolean causal = Mixers.named(parsed.id()).patterns().contains(Pattern.CAUSAL_SELF);
            mixer = Mixers.build(parsed, MixerConfig.of(WIDTH, HEADS).withLength(LENGTH).withCausal(causal));
            mixer.eval(); // what is drawn at random in training would differ between the forms
            input = Tensors.normal(1, LENGTH, WIDTH).requires_grad_(true);
            gradient = Tensors.normal(1, LENGTH, WIDTH);
        }

        /** Where the output and the input's gradient go. */
        Tensor[] results() {
            return new Tensor[] {torch.empty_like(gradient), torch.empty_like(gradient)};
        }

        void forwardBackward(Form form, Tensor[] results) {
            try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(true)) {
                Tensor y = mixer.forward(input, MixerContext.of(form));
                TensorVector leaves = mixer.parameters();
                leaves.push_back(input);
                TensorVector gradients = torch.grad(new TensorVector(y), leaves, new TensorVector(gradient), null,
                        false, false);
                results[0].copy_(y.detach());
                results[1].copy_(gradients.get(gradients.size() - 1));
            }
        }
    }
}
