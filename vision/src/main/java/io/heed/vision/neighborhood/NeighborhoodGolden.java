package io.heed.vision.neighborhood;

import java.util.Arrays;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.ComposedNeighborhood;
import io.heed.nn.Form;
import io.heed.nn.FusedNeighborhood;
import io.heed.nn.NeighborhoodResult;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;

/** Builds what golden cases check: the layer, and the operation with its log-sum-exp. */
final class NeighborhoodGolden {
    private NeighborhoodGolden() { }

    /** The layer: input x (B, S..., C), output y. */
    static GoldenSubject layer(GoldenCase golden, Form form) {
        JsonNode json = golden.config();
        int rank = json.hasNonNull("na_dim") ? json.get("na_dim").asInt() : json.path("kernel_size").size();
        boolean relative = json.path("rpb").asBoolean(false) || json.path("rel_pos_bias").asBoolean(false);
        NeighborhoodAttention layer = new NeighborhoodAttention(config(json, rank, json.path("embed_dim").asLong(),
                !json.hasNonNull("qkv_bias") || json.get("qkv_bias").asBoolean(), relative));
        return new GoldenSubject(layer, inputs ->
                Map.of("y", layer.forward(inputs.get("x"), MixerContext.of(form))));
    }

    /** The operation: inputs q, k, v (B, S..., H, d), outputs out and lse (B, S..., H). */
    static GoldenSubject operation(GoldenCase golden, Form form) {
        JsonNode json = golden.config();
        int rank = json.path("shape").size();
        NeighborhoodConfig config = config(json, rank, json.path("num_heads").asLong() * json.path("head_dim").asLong(),
                true, json.path("rpb").asBoolean(false));
        Bias bias = config.relative() ? new Bias(config) : null;
        return new GoldenSubject(bias, inputs -> {
            Tensor q = inputs.get("q");
            int[] sizes = new int[rank];
            for (int axis = 0; axis < rank; axis++) {
                sizes[axis] = Math.toIntExact(q.size(axis + 1));
            }
            Tensor table = bias == null ? null : bias.rpb;
            Tensor[] heads = {heads(q), heads(inputs.get("k")), heads(inputs.get("v"))};
            NeighborhoodResult result = form.isFused(q)
                    ? FusedNeighborhood.apply(heads[0], heads[1], heads[2], table, config.on(sizes))
                    : new ComposedNeighborhood(config.on(sizes)).apply(heads[0], heads[1], heads[2], table);
            long[] shape = inputs.get("v").shape();
            long[] rows = Arrays.copyOf(shape, shape.length - 1);
            return Map.of("out", result.out().transpose(1, 2).reshape(shape),
                    "lse", result.lse().transpose(1, 2).reshape(rows));
        });
    }

    /** The relative table alone. */
    private static final class Bias extends Module {
        final Tensor rpb;

        Bias(NeighborhoodConfig config) {
            super("Bias");
            rpb = Registration.parameter(this, "rpb", torch.zeros(config.tableShape()));
        }
    }

    /** (B, S..., H, d) to (B, H, N, d). */
    private static Tensor heads(Tensor x) {
        return x.flatten(1, x.dim() - 3).transpose(1, 2);
    }

    private static NeighborhoodConfig config(JsonNode json, int rank, long width, boolean qkvBias, boolean relative) {
        boolean[] causal = new boolean[rank];
        for (int axis = 0; axis < rank; axis++) {
            JsonNode flag = json.path("is_causal");
            causal[axis] = flag.isArray() ? flag.get(axis).asBoolean() : flag.asBoolean(false);
        }
        return new NeighborhoodConfig(width, json.path("num_heads").asInt(), numbers(json, "kernel_size", rank),
                numbers(json, "stride", rank), numbers(json, "dilation", rank), causal, qkvBias,
                json.hasNonNull("scale") ? json.get("scale").asDouble() : Double.NaN, relative, 0);
    }

    /** One number an axis, or one for all; 1 where there is none. */
    private static int[] numbers(JsonNode json, String key, int rank) {
        JsonNode value = json.path(key);
        if (value.isArray() && value.size() != rank) {
            throw new IllegalArgumentException("'" + key + "' has " + value.size() + " numbers, there are " + rank
                    + " axes");
        }
        int[] numbers = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            numbers[axis] = value.isArray() ? value.get(axis).asInt() : value.asInt(1);
        }
        return numbers;
    }
}
