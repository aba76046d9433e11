package io.heed.inference.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.Activation;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;
import io.heed.tensor.Safetensors;
import io.heed.tensor.SafetensorsException;

/**
 * The model in libtorch operations, in float32, with gradients: what {@link Decoder} is held to. Parameters have the
 * official names.
 */
public final class ReferenceModel extends Module {
    /**
     * What a forward pass gives.
     *
     * @param logits    (B, N, V)
     * @param streams   the residual stream (B, N, D) after every layer
     * @param attention the maps (B, H, N, N) of every layer
     */
    public record Output(Tensor logits, List<Tensor> streams, List<Tensor> attention) { }

    /** A node of the tree that dotted names make. */
    private static final class Node extends Module {
        private final Map<String, Node> children = new LinkedHashMap<>();

        Node(String name) {
            super(name);
        }

        Node child(String name) {
            return children.computeIfAbsent(name, n -> register_module(n, new Node(n)));
        }
    }

    private static final AttentionObserver UNWATCHED = new AttentionObserver() { };

    private final ModelConfig config;
    private final Map<String, Node> roots = new LinkedHashMap<>();
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final String prefix;
    private float[] cosines = new float[0]; // (N, d/2) of the last length
    private float[] sines = new float[0];

    private ReferenceModel(ModelConfig config) {
        super("ReferenceModel");
        this.config = config;
        this.prefix = config.architecture() == Architecture.GPT2 ? "transformer." : "model.";
    }

    /** The same weights as {@code model}, copied. */
    public static ReferenceModel of(CausalModel model) throws SafetensorsException {
        ReferenceModel reference = new ReferenceModel(model.config());
        Safetensors file = model.file();
        boolean bare = file.names().stream().noneMatch(name -> name.startsWith(reference.prefix));
        for (String name : file.names()) {
            if (!WeightReader.isBuffer(name) && !(model.config().tied() && name.equals("lm_head.weight"))) {
                String official = bare && !name.startsWith("lm_head.") ? reference.prefix + name : name;
                reference.add(official, file.tensor(name).to(ScalarType.Float));
            }
        }
        return reference;
    }

    private void add(String name, Tensor value) {
        String[] parts = name.split("\\.");
        Node node = roots.computeIfAbsent(parts[0], n -> register_module(n, new Node(n)));
        for (int i = 1; i < parts.length - 1; i++) {
            node = node.child(parts[i]);
        }
        parameters.put(name, Registration.parameter(node, parts[parts.length - 1], value));
    }

    /** Its parameters by official name. */
    public Map<String, Tensor> weights() {
        return Map.copyOf(parameters);
    }

    /** Tokens (B, N) to logits and what is on the way. */
    public Output forward(Tensor ids) {
        List<Tensor> streams = new ArrayList<>();
        List<Tensor> maps = new ArrayList<>();
        Tensor logits = logits(ids, Form.REFERENCE, new AttentionObserver() {
            @Override
            public Tensor hidden(int layer, Tensor hidden) {
                if (layer > 0) {
                    streams.add(hidden);
                }
                return hidden;
            }

            @Override
            public Tensor heads(int layer, AttentionCall call, Tensor outputs) {
                maps.add(call.weights(0, call.queries().size(2)));
                return outputs;
            }
        });
        return new Output(logits, streams, maps);
    }

    /**
     * Tokens (B, N) to logits (B, N, V) while someone looks on.
     *
     * @param form     of the attention
     * @param observer told of every layer, and may change what it computes
     */
    public Tensor logits(Tensor ids, Form form, AttentionObserver observer) {
        boolean gpt2 = config.architecture() == Architecture.GPT2;
        Tensor embedding = weight(prefix + (gpt2 ? "wte.weight" : "embed_tokens.weight"));
        Tensor x = torch.embedding(embedding, ids); // (B, N, D)
        if (gpt2) {
            x = x.add(weight(prefix + "wpe.weight").narrow(0, 0, ids.size(1)));
        }
        Watched watched = new Watched(form, observer);
        for (int layer = 0; layer < config.layers(); layer++) {
            x = observer.hidden(layer, x);
            x = gpt2 ? gpt2Layer(x, layer, watched) : llamaLayer(x, layer, watched);
        }
        x = observer.hidden(config.layers(), x);
        Tensor head = config.tied() ? embedding : weight("lm_head.weight");
        x = gpt2 ? layerNorm(x, prefix + "ln_f") : rms(x, prefix + "norm.weight");
        return torch.linear(x, head);
    }

    /** How attention runs, and who looks on. */
    private record Watched(Form form, AttentionObserver observer) { }

    /** The mean cross-entropy of tokens 1 to N - 1 of (B, N) ids given those before them. */
    public Tensor loss(Tensor ids) {
        long length = ids.size(1);
        Tensor logits = logits(ids, Form.AUTO, UNWATCHED).narrow(1, 0, length - 1);
        return torch.cross_entropy_loss(logits.flatten(0, 1), ids.narrow(1, 1, length - 1).flatten());
    }

    private Tensor llamaLayer(Tensor x, int layer, Watched watched) {
        String at = prefix + "layers." + layer + ".";
        Tensor normed = rms(x, at + "input_layernorm.weight");
        Tensor q = Heads.split(linear(normed, at + "self_attn.q_proj"), config.heads()); // (B, H, N, d)
        Tensor k = Heads.split(linear(normed, at + "self_attn.k_proj"), config.keyValueHeads());
        Tensor v = Heads.split(linear(normed, at + "self_attn.v_proj"), config.keyValueHeads());
        if (config.architecture() == Architecture.QWEN3) {
            q = rms(q, at + "self_attn.q_norm.weight");
            k = rms(k, at + "self_attn.k_norm.weight");
        }
        Tensor attended = attend(rotate(q), rotate(k), v, layer, watched);
        Tensor h = x.add(linear(attended, at + "self_attn.o_proj"));
        normed = rms(h, at + "post_attention_layernorm.weight");
        Tensor hidden = activate(linear(normed, at + "mlp.gate_proj")).mul(linear(normed, at + "mlp.up_proj"));
        return h.add(linear(hidden, at + "mlp.down_proj"));
    }

    private Tensor gpt2Layer(Tensor x, int layer, Watched watched) {
        String at = prefix + "h." + layer + ".";
        Tensor qkv = stored(layerNorm(x, at + "ln_1"), at + "attn.c_attn"); // (B, N, 3 D)
        int heads = config.heads();
        Tensor attended = attend(Heads.split(qkv.narrow(-1, 0, config.width()), heads),
                Heads.split(qkv.narrow(-1, config.width(), config.width()), heads),
                Heads.split(qkv.narrow(-1, 2L * config.width(), config.width()), heads), layer, watched);
        Tensor h = x.add(stored(attended, at + "attn.c_proj"));
        return h.add(stored(activate(stored(layerNorm(h, at + "ln_2"), at + "mlp.c_fc")), at + "mlp.c_proj"));
    }

    private Tensor attend(Tensor q, Tensor k, Tensor v, int layer, Watched watched) {
        int window = config.window(layer);
        Mask mask = window == 0 ? Mask.causal() : Mask.slidingWindow(window - 1, 0);
        AttentionSpec spec = AttentionSpec.softmax().withScale(config.scale(layer)).withMask(mask);
        Tensor heads = watched.form().isFused(q) ? FusedAttention.apply(q, k, v, spec) : ComposedAttention.apply(q, k,
                v, spec);
        return Heads.merge(watched.observer().heads(layer, AttentionCall.of(q, k, v, spec), heads));
    }

    /** (a, b) becomes (a cos - b sin, b cos + a sin), a and b the halves of a head. */
    private Tensor rotate(Tensor x) {
        int rows = Math.toIntExact(x.size(2));
        int half = config.headWidth() / 2;
        if (cosines.length != rows * half) {
            cosines = new float[rows * half];
            sines = new float[rows * half];
            for (int i = 0; i < rows; i++) {
                config.rope().angles(i, rows, cosines, sines, i * half);
            }
        }
        Tensor cos = Ops.of(cosines, rows, half);
        Tensor sin = Ops.of(sines, rows, half);
        Tensor a = x.narrow(-1, 0, half);
        Tensor b = x.narrow(-1, half, half);
        return Ops.cat(-1, a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin)));
    }

    private Tensor activate(Tensor x) {
        return switch (config.activation()) {
            case Activation.SILU -> torch.silu(x);
            case Activation.GELU -> torch.gelu(x);
            case Activation.GELU_TANH -> geluTanh(x);
            case Activation.RELU -> x.relu();
        };
    }

    private static Tensor geluTanh(Tensor x) {
        Tensor inner = x.add(x.pow(new Scalar(3)).mul(new Scalar(0.044715))).mul(new Scalar(Math.sqrt(2 / Math.PI)));
        return x.mul(new Scalar(0.5)).mul(inner.tanh().add(new Scalar(1)));
    }

    private Tensor linear(Tensor x, String at) {
        Tensor bias = parameters.get(at + ".bias");
        Tensor y = torch.linear(x, weight(at + ".weight"));
        return bias == null ? y : y.add(bias);
    }

    /** GPT-2's linear layers are stored as (in, out). */
    private Tensor stored(Tensor x, String at) {
        return x.matmul(weight(at + ".weight")).add(weight(at + ".bias"));
    }

    private Tensor rms(Tensor x, String name) {
        return torch.rms_norm(x, new long[] {x.size(-1)}, new TensorOptional(weight(name)),
                new DoubleOptional(config.epsilon()));
    }

    private Tensor layerNorm(Tensor x, String at) {
        return torch.layer_norm(x, new long[] {x.size(-1)}, new TensorOptional(weight(at + ".weight")),
                new TensorOptional(weight(at + ".bias")), config.epsilon(), false);
    }

    private Tensor weight(String name) {
        return parameters.get(name);
    }
}
