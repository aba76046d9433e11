package io.heed.sequence.routing;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.nn.Registration;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.OnlineKMeans;
import io.heed.tensor.Ops;

/** Builds what the Routing Transformer's golden cases check. */
final class RoutingGolden {
    private RoutingGolden() { }

    /** {@code attention}: x to out, loss, query_index. */
    static GoldenSubject attention(GoldenCase golden, Form form) {
        GoldenConfig c = new GoldenConfig(golden.config());
        RoutingAttention attention = new RoutingAttention(
                new RoutingConfig(c.integer("width"), c.integer("cluster_heads"),
                c.integer("local_heads"), c.integer("num_clusters"), c.integer("attention_window"),
                c.integer("query_shape"),
                c.integer("memory_flange", c.integer("query_shape")), c.flag("causal", true), c.flag("share_qk", true),
                RoutingConfig.Membership.SEQUENCE, reach(c), c.number("beta", 1e-4),
                c.number("ln_eps", OnlineKMeans.NORM_EPSILON), 0.999, 1), false);
        return new GoldenSubject(attention, in -> {
            RoutingAttention.Trace trace = attention.trace(in.get("x"), c.padding(in).orElse(null), form);
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("out", trace.out());
            if (trace.loss() != null) {
                outputs.put("loss", trace.loss());
                outputs.put("query_index", trace.queryIndex());
            }
            return outputs;
        });
    }

    /** {@code routed-attention}: q, perhaps k, v to out, loss, query_index, key_index. */
    static GoldenSubject routed(GoldenCase golden, Form form) {
        GoldenConfig c = new GoldenConfig(golden.config());
        int heads = c.integer("heads");
        int width = c.integer("head_dim");
        Module module = Registration.group();
        Tensor means = Registration.buffer(module, "means", torch.zeros(heads, c.integer("num_clusters"), width));
        int reach = reach(c);
        Relative relative = reach == 0 ? null : new Relative(
                Registration.parameter(module, "relative_positions_keys/embeddings", torch.zeros(2 * reach + 1, width)),
                Registration.parameter(module, "relative_positions_values/embeddings",
                torch.zeros(2 * reach + 1, width)));
        RoutedAttention attention = new RoutedAttention(c.integer("attention_window"), c.flag("causal", true),
                relative);
        double epsilon = c.number("ln_eps", OnlineKMeans.NORM_EPSILON);
        boolean shared = c.flag("share_qk", true);
        return new GoldenSubject(module, in -> {
            Tensor q = OnlineKMeans.normalise(in.get("q"), epsilon);
            Tensor k = shared ? q : OnlineKMeans.normalise(in.get("k"), epsilon);
            RoutedAttention.Result result = attention.apply(q, k, in.get("v"), means, c.padding(in).orElse(null), form);
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("out", result.out());
            outputs.put("loss", Ops.scale(OnlineKMeans.commitment(q, means).add(OnlineKMeans.commitment(k, means)),
                    c.number("beta", 1e-4)));
            outputs.put("query_index", result.queryIndex());
            outputs.put("key_index", result.keyIndex());
            return outputs;
        });
    }

    /**
     * {@code online-kmeans}: x, on the sphere, to the moved means and averages, and loss and assignment before the
     * move.
     */
    static GoldenSubject kMeans(GoldenCase golden) {
        GoldenConfig c = new GoldenConfig(golden.config());
        long[] shape = golden.shape("weight.means");
        OnlineKMeans kMeans = new OnlineKMeans(shape[0], c.integer("num_clusters", (int) shape[1]), shape[2],
                c.number("decay", 0.999), c.number("epsilon", 1e-5));
        return new GoldenSubject(kMeans, in -> {
            Tensor x = in.get("x");
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("assignment", OnlineKMeans.nearest(x, kMeans.means()));
            outputs.put("loss", Ops.scale(OnlineKMeans.commitment(x, kMeans.means()), c.number("beta", 1e-4)));
            kMeans.update(x);
            kMeans.averages().forEach(outputs::put);
            return outputs;
        });
    }

    private static int reach(GoldenConfig c) {
        return c.flag("relative", false) ? c.integer("max_relative_position") : 0;
    }
}
