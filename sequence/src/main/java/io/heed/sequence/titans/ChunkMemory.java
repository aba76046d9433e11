package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * The neural memory as the community's implementation reads the paper: heads with a memory each, a residual memory with
 * a norm, gates by chunk rather than by token, and all gradients at the memory that the call began with.
 *
 * <pre>
 *   M(z) = z + LN(W_n gelu(.. gelu(W_1 z))) (1 + gamma)      loss_t = step_t mean (M(k_t) - v_t)^2
 *   S_n = eta_n S_(n-1) - sum over chunk n of the gradients,  M_n = (1 - alpha_n) M_(n-1) + S_n
 * </pre>
 * Token t (from 0) reads the memory after floor((t + 1) / c) whole chunks.
 *
 * <p>Parameters {@code store_norm|retrieve_norm.weight (D)}, {@code to_queries|to_keys|to_values.weight (H d, D)},
 * {@code to_adaptive_step.0|to_momentum.0|to_decay_factor.0.*}, {@code memory_model_parameters.{i}} (gamma, then the
 * matrices, a head in front), with several heads {@code retrieve_gate.0.weight (H, D)} and
 * {@code combine_heads.weight (D, H d)}, and where asked for {@code q_norm|k_norm|multihead_rmsnorm.gamma (H, 1, d)}.
 */
final class ChunkMemory extends Module {
    /**
     * @param width     D
     * @param chunk     c
     * @param heads     H
     * @param headWidth d
     * @param hidden    widths within the memory
     * @param stepMax   the largest step size
     * @param queryNorm whether queries and keys are normalised
     * @param outNorm   whether what is read is normalised
     */
    record Config(long width, int chunk, int heads, int headWidth, List<Integer> hidden, double stepMax,
            boolean queryNorm,
                  boolean outNorm) { }

    private static final double EPSILON = Math.ulp(1f);
    private static final double MEMORY_EPSILON = 1e-5;

    private final Config config;
    private final Tensor storeNorm;
    private final Tensor retrieveNorm;
    private final LinearImpl queries;
    private final LinearImpl keys;
    private final LinearImpl values;
    private final LinearImpl step;
    private final LinearImpl momentum;
    private final LinearImpl decay;
    private final LinearImpl gate;
    private final LinearImpl combine;
    private final Tensor queryGamma;
    private final Tensor keyGamma;
    private final Tensor outGamma;
    private final List<Tensor> memory = new ArrayList<>();

    ChunkMemory(Config config) {
        super("ChunkMemory");
        this.config = config;
        long inner = (long) config.heads * config.headWidth;
        retrieveNorm = Registration.parameter(register_module("retrieve_norm", Registration.group()), "weight",
                torch.ones(config.width));
        storeNorm = Registration.parameter(register_module("store_norm", Registration.group()), "weight",
                torch.ones(config.width));
        queries = register_module("to_queries", Initialisation.linear(config.width, inner, false));
        keys = register_module("to_keys", Initialisation.linear(config.width, inner, false));
        values = register_module("to_values", Initialisation.linear(config.width, inner, false));
        step = listed("to_adaptive_step", true);
        momentum = listed("to_momentum", true);
        decay = listed("to_decay_factor", true);
        gate = config.heads > 1 ? listed("retrieve_gate", false) : null;
        combine = config.heads > 1 ? register_module("combine_heads", Initialisation.linear(inner, config.width, false))
                : null;
        queryGamma = gamma("q_norm", config.queryNorm);
        keyGamma = gamma("k_norm", config.queryNorm);
        outGamma = gamma("multihead_rmsnorm", config.outNorm);
        Module list = register_module("memory_model_parameters", Registration.group());
        memory.add(Registration.parameter(list, "0", torch.zeros(config.heads, config.headWidth)));
        List<Integer> widths = new ArrayList<>(List.of(config.headWidth));
        widths.addAll(config.hidden);
        widths.add(config.headWidth);
        for (int l = 0; l + 1 < widths.size(); l++) {
            memory.add(Registration.parameter(list, Integer.toString(l + 1),
                    Ops.scale(torch.randn(config.heads, widths.get(l),
                    widths.get(l + 1)), 1 / Math.sqrt(widths.get(l)))));
        }
    }

    private LinearImpl listed(String name, boolean bias) {
        return register_module(name, Registration.group()).register_module("0",
                Initialisation.linear(config.width, config.heads, bias));
    }

    private Tensor gamma(String name, boolean wanted) {
        return wanted ? Registration.parameter(register_module(name, Registration.group()), "gamma",
                torch.zeros(config.heads, 1, config.headWidth)) : null;
    }

    /**
     * What is read (B, N, D), and the last memory by name: {@code norm.gamma}, {@code model.weights.{l}}, (B H, ..).
     */
    Map<String, Tensor> forward(Tensor x) {
        long batch = x.size(0);
        long chunks = x.size(1) / config.chunk;
        List<Tensor> versions = store(rms(x, EPSILON).mul(storeNorm), batch, chunks); // (B H, chunks + 1, ..)
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        outputs.put("retrieved", retrieve(rms(x, EPSILON).mul(retrieveNorm), versions));
        for (int i = 0; i < versions.size(); i++) {
            outputs.put("last_update." + (i == 0 ? "norm.gamma" : "model.weights." + (i - 1)), versions.get(i)
                    .select(1, chunks));
        }
        return outputs;
    }

    /** The memories after 0, 1, .. chunks. */
    private List<Tensor> store(Tensor x, long batch, long chunks) {
        List<Tensor> initial = memory.stream().map(weight -> weight.unsqueeze(0).expand(shape(batch, weight))
                .reshape(shape(weight, batch * config.heads))).toList();
        if (chunks == 0) {
            return initial.stream().map(weight -> weight.unsqueeze(1)).toList();
        }
        Tensor whole = x.narrow(1, 0, chunks * config.chunk);
        Tensor means = whole.unflatten(1, chunks, config.chunk).mean(new long[] {2}, false, new ScalarTypeOptional());
        Tensor eta = perHead(momentum.forward(means).sigmoid());
        Tensor keep = perHead(Ops.shift(Ops.scale(decay.forward(means).sigmoid(), -1), 1));
        Tensor steps = Ops.scale(step.forward(whole).sigmoid(), config.stepMax).transpose(1, 2)
                .unflatten(2, chunks, config.chunk).flatten(0, 2); // (B H chunks, c)
        List<Tensor> copies = initial.stream().map(weight -> weight.unsqueeze(1)
                .expand(repeated(weight, chunks)).flatten(0, 1)).toList(); // (B H chunks, ..)
        Tensor k = chunked(normal(heads(keys.forward(whole)), keyGamma), chunks);
        Tensor v = chunked(heads(values.forward(whole)), chunks);
        Tensor difference = apply(copies, k).sub(v);
        Tensor loss = difference.mul(difference).mean(new long[] {-1}, false, new ScalarTypeOptional()).mul(steps)
                .sum();
        TensorVector gradients = torch.grad(new TensorVector(loss), new TensorVector(copies.toArray(Tensor[]::new)),
                new TensorVector(), new BoolOptional(true), true, false);
        List<Tensor> versions = new ArrayList<>();
        for (int i = 0; i < initial.size(); i++) {
            Tensor surprise = gradients.get(i).unflatten(0, initial.get(i).size(0), chunks).neg();
            versions.add(accumulate(initial.get(i), surprise, eta, keep));
        }
        return versions;
    }

    private static Tensor accumulate(Tensor initial, Tensor surprise, Tensor eta, Tensor keep) {
        List<Tensor> versions = new ArrayList<>(List.of(initial));
        Tensor past = torch.zeros_like(initial);
        long[] scalar = new long[(int) initial.dim()];
        Arrays.fill(scalar, 1);
        scalar[0] = initial.size(0);
        for (long n = 0; n < surprise.size(1); n++) {
            past = past.mul(eta.select(1, n).view(scalar)).add(surprise.select(1, n));
            versions.add(versions.getLast().mul(keep.select(1, n).view(scalar)).add(past));
        }
        return Ops.stack(1, versions.toArray(Tensor[]::new));
    }

    private Tensor retrieve(Tensor x, List<Tensor> versions) {
        long length = x.size(1);
        long chunks = versions.getFirst().size(1);
        // one zero in front: token t of the sequence is token t + 1 there, in chunk floor((t + 1) / c)
        long spare = chunks * config.chunk - 1 - length;
        Tensor q = normal(heads(queries.forward(x)), queryGamma); // (B, H, N, d)
        Tensor moved = torch.constant_pad_nd(q, 0, 0, 1, Math.max(0, spare)); // (B, H, chunks c, d)
        Tensor read = apply(versions.stream().map(weight -> weight.flatten(0, 1)).toList(), chunked(moved, chunks))
                .unflatten(0, x.size(0) * config.heads, chunks).flatten(1, 2).narrow(1, 1, length)
                .unflatten(0, x.size(0), config.heads); // (B, H, N, d)
        Tensor out = normal(read, outGamma);
        if (gate == null) {
            return out.transpose(1, 2).flatten(2, 3);
        }
        Tensor open = gate.forward(x).sigmoid().transpose(1, 2).unsqueeze(-1);
        return combine.forward(out.mul(open).transpose(1, 2).flatten(2, 3));
    }

    /** M(z), a memory for each leading row. */
    private static Tensor apply(List<Tensor> weights, Tensor z) {
        Tensor h = z;
        for (int l = 1; l < weights.size(); l++) {
            h = (l == 1 ? h : torch.gelu(h)).matmul(weights.get(l));
        }
        Tensor centred = h.sub(h.mean(new long[] {-1}, true, new ScalarTypeOptional()));
        return z.add(rms(centred, MEMORY_EPSILON).mul(Ops.shift(weights.getFirst(), 1).unsqueeze(1)));
    }

    private static Tensor normal(Tensor x, Tensor gamma) {
        return gamma == null ? x : rms(x, EPSILON).mul(gamma.add(new Scalar(1)));
    }

    private static Tensor rms(Tensor x, double epsilon) {
        return x.mul(Ops.shift(x.mul(x).mean(new long[] {-1}, true, new ScalarTypeOptional()), epsilon).rsqrt());
    }

    /** (B, N, H d) to (B, H, N, d). */
    private Tensor heads(Tensor x) {
        return x.unflatten(-1, config.heads, config.headWidth).transpose(1, 2);
    }

    /** (B, H, chunks c, d) to (B H chunks, c, d). */
    private Tensor chunked(Tensor x, long chunks) {
        return x.reshape(x.size(0) * x.size(1) * chunks, x.size(2) / chunks, x.size(3));
    }

    /** (B, chunks, H) to (B H, chunks). */
    private static Tensor perHead(Tensor x) {
        return x.transpose(1, 2).flatten(0, 1);
    }

    private static long[] shape(long batch, Tensor weight) {
        long[] own = weight.shape();
        long[] shape = new long[own.length + 1];
        shape[0] = batch;
        System.arraycopy(own, 0, shape, 1, own.length);
        return shape;
    }

    private static long[] shape(Tensor weight, long first) {
        long[] shape = weight.shape();
        shape[0] = first;
        return shape;
    }

    private static long[] repeated(Tensor weight, long chunks) {
        long[] own = weight.shape();
        long[] shape = new long[own.length + 1];
        shape[0] = own[0];
        shape[1] = chunks;
        System.arraycopy(own, 1, shape, 2, own.length - 1);
        return shape;
    }
}
