package io.heed.graph.transformer;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.GoldenSubject;
import io.heed.graph.Graph;
import io.heed.graph.GraphLayer.Streams;
import io.heed.graph.LaplacianEncoding;
import io.heed.graph.Pooling;
import io.heed.nn.Form;
import io.heed.tensor.Ops;

/** Builds what the golden cases check, from their configurations. */
final class GoldenModules {
    private static final Map<String, GoldenModule> ALL = Map.of(
            "node-layer", golden -> layer(golden, false),
            "edge-layer", golden -> layer(golden, true),
            "laplacian-pe", GoldenModules::laplacian,
            "molecule-network", golden -> network(golden, true),
            "node-network", golden -> network(golden, false));

    private GoldenModules() { }

    static Map<String, GoldenModule> all() {
        return ALL;
    }

    private static GoldenSubject layer(GoldenCase golden, boolean edges) {
        JsonNode config = golden.config();
        GraphTransformerLayer layer = new GraphTransformerLayer(new GraphTransformerConfig(config.get("in_dim").asInt(),
                config.get("out_dim").asInt(), config.get("num_heads").asInt(), config.path("dropout").asDouble(0),
                config.path("layer_norm").asBoolean(false), config.path("batch_norm").asBoolean(true),
                config.path("residual").asBoolean(true), config.path("use_bias").asBoolean(false), edges));
        return new GoldenSubject(layer, inputs -> {
            Graph graph = graph((int) inputs.get("h").size(0), inputs);
            Streams out = layer.forward(new Streams(inputs.get("h"), inputs.get("e")), graph, Form.AUTO);
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("h", out.nodes());
            if (edges) {
                outputs.put("e", out.edges());
            }
            return outputs;
        });
    }

    private static GoldenSubject network(GoldenCase golden, boolean molecules) {
        JsonNode config = golden.config();
        int width = config.get("hidden_dim").asInt();
        GraphTransformer network = new GraphTransformer(new GraphTransformer.Config(
                config.get(molecules ? "num_atom_type" : "in_dim").asInt(), config.path("num_bond_type").asInt(0),
                config.path("edge_feat").asBoolean(true),
                new GraphTransformerConfig(width, width, config.get("n_heads").asInt(), config.path("dropout")
                .asDouble(0),
                        config.path("layer_norm").asBoolean(false), config.path("batch_norm").asBoolean(true),
                        config.path("residual").asBoolean(true), false, molecules),
                config.get("out_dim").asInt(), config.get("L").asInt(), config.path("n_classes").asInt(1),
                molecules ? Pooling.named(config.path("readout").asText("mean")) : null,
                config.path("lap_pos_enc").asBoolean(true) ? config.get("pos_enc_dim").asInt() : 0,
                config.path("wl_pos_enc").asBoolean(false), config.path("in_feat_dropout").asDouble(0)));
        return new GoldenSubject(network, inputs -> {
            Tensor nodes = inputs.get(molecules ? "atoms" : "feat");
            Graph graph = graph((int) nodes.size(0), inputs);
            if (inputs.containsKey("batch")) {
                graph = graph.withParts(ints(inputs.get("batch")));
            }
            Tensor scores = network.forward(new GraphTransformer.Input(graph, nodes, inputs.get("bonds"),
                    inputs.get("lap_pe"), inputs.get("wl_pos_enc")), Form.AUTO);
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("scores", scores);
            if (inputs.containsKey("label")) {
                outputs.put("loss", WeightedCrossEntropy.loss(scores, inputs.get("label")));
            }
            return outputs;
        });
    }

    private static GoldenSubject laplacian(GoldenCase golden) {
        int nodes = golden.config().get("num_nodes").asInt();
        int k = golden.config().get("pos_enc_dim").asInt();
        return GoldenSubject.of(inputs -> {
            LaplacianEncoding.Eigenvectors found = LaplacianEncoding.eigenvectors(graph(nodes, inputs), k);
            return Map.of("lap_pe", Ops.of(found.vectors(), nodes, k), "eigenvalues", Ops.of(found.values()));
        });
    }

    private static Graph graph(int nodes, Map<String, Tensor> inputs) {
        return Graph.directed(nodes, ints(inputs.get("src")), ints(inputs.get("dst")));
    }

    private static int[] ints(Tensor tensor) {
        return Arrays.stream(Ops.longs(tensor)).mapToInt(Math::toIntExact).toArray();
    }
}
