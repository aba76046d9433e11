package io.heed.sequence.transnormer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.data.SequenceBatch;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

/**
 * The language model: an embedding without positions, blocks, a norm, a head.
 *
 * <p>Parameters under the names of the authors' compact implementation: {@code transnormer.wte.weight (V, D)},
 * {@code transnormer.h.{l}.token_mixer.*}, {@code transnormer.h.{l}.channel_mixer.*}, {@code lm_head.weight (V, D)},
 * which is the embedding where tied. {@link #fromReleased} renames weights of the released models.
 */
public final class TransNormerLlm extends Module {
    private static final int MEAN = 1;

    private final TransNormerConfig config;
    private final Tensor embedding;
    private final List<TransNormerBlock> blocks = new ArrayList<>();
    private final Tensor head;

    /** Builds the model with fresh weights: normal with deviation 0.02, biases 0. */
    public TransNormerLlm(TransNormerConfig config) {
        super("TransNormerLlm");
        this.config = config;
        Module stack = register_module("transnormer", Registration.group());
        embedding = table(stack.register_module("wte", Registration.group()));
        ModuleListImpl list = stack.register_module("h", new ModuleListImpl());
        for (int layer = 0; layer < config.layers(); layer++) {
            TransNormerBlock block = new TransNormerBlock(config.mixer(layer), config.hidden());
            list.push_back(block);
            blocks.add(block);
        }
        Module output = register_module("lm_head", Registration.group());
        head = config.tied() ? Registration.parameter(output, "weight", embedding) : table(output);
        initialise();
    }

    private Tensor table(Module owner) {
        return Registration.parameter(owner, "weight", torch.empty(config.vocabulary(), config.width()));
    }

    private void initialise() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Weights.parameters(this).forEach((name, weight) -> {
                if (name.endsWith(".weight")) {
                    weight.normal_(0, Initialisation.DEVIATION, null);
                }
            });
        }
    }

    /** What it was built from. */
    public TransNormerConfig config() {
        return config;
    }

    /** Parameters, a tied head counted once. */
    public long parameterCount() {
        try (PointerScope _ = new PointerScope()) {
            return Weights.parameters(this).entrySet().stream()
                    .filter(entry -> !config.tied() || !entry.getKey().startsWith("lm_head."))
                    .mapToLong(entry -> entry.getValue().numel()).sum();
        }
    }

    /**
     * Logits of the next token at every position.
     *
     * @param tokens (B, N) int64
     * @return (B, N, V)
     */
    public Tensor forward(Tensor tokens, MixerContext context) {
        Tensor x = embed(tokens);
        for (int layer = 0; layer < blocks.size(); layer++) {
            x = blocks.get(layer).forward(x, context.atLayer(layer));
        }
        return logits(x);
    }

    /** Mean cross-entropy in nats over the targets that are not {@code ignored}; logits (B, N, V), targets (B, N). */
    public static Tensor loss(Tensor logits, Tensor targets, long ignored) {
        return torch.cross_entropy_loss(logits.flatten(0, 1), targets.to(ScalarType.Long).flatten(),
                new TensorOptional(),
                MEAN, ignored, 0);
    }

    /** Mean cross-entropy in nats over the batch's targets. */
    public Tensor crossEntropy(SequenceBatch batch) {
        return loss(forward(batch.tokens(), MixerContext.plain()), batch.targets(), SequenceBatch.IGNORED);
    }

    /** An empty state: one matrix a head and layer, whatever the number of tokens. */
    public BackboneState state(long batch) {
        return new BackboneState(blocks.stream().map(TransNormerBlock::tokenMixer).toList(), batch);
    }

    /**
     * A run of tokens (B, N), N at least 1, that continues {@code state}: logits (B, N, V), without a gradient graph.
     */
    public Tensor prefill(Tensor tokens, BackboneState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor x = embed(tokens);
            for (int layer = 0; layer < blocks.size(); layer++) {
                x = blocks.get(layer).prefill(x, state.layer(layer));
            }
            return logits(x);
        }
    }

    /** One more token of each sequence: tokens (B) to logits (B, V), without a gradient graph. */
    public Tensor step(Tensor tokens, BackboneState state) {
        return prefill(tokens.unsqueeze(1), state).squeeze(1);
    }

    /** Weights of a released model ({@code model.embed_tokens.weight}, {@code model.layers.{l}.*}) under our names. */
    public static Map<String, Tensor> fromReleased(Map<String, Tensor> released) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        released.forEach((name, tensor) -> weights.put(name.replaceFirst("^model\\.embed_tokens\\.", "transnormer.wte.")
                .replaceFirst("^model\\.layers\\.", "transnormer.h."), tensor));
        return weights;
    }

    private Tensor embed(Tensor tokens) {
        Tensor x = torch.embedding(embedding, tokens.to(embedding.device(), ScalarType.Long));
        return config.embedScale() == 1 ? x : Ops.scale(x, config.embedScale());
    }

    private Tensor logits(Tensor x) {
        return torch.linear(config.norm().apply(x, config.epsilon()), head);
    }
}
