package io.heed.graph.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.heed.graph.Graph;
import io.heed.graph.NodeFeatures;

/**
 * A graph-classification set: {@code graphs.jsonl}, plain or gzipped, with an object a line: {@code y}, {@code fold},
 * {@code tags} (one a node) and {@code edges} (undirected pairs). Where all nodes have one tag, the degree, at most
 * {@value #LARGEST_DEGREE}, is the category instead.
 */
public final class JsonGraphData {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LARGEST_DEGREE = 100;

    private JsonGraphData() { }

    /**
     * Reads the folder; the set is called as the folder is.
     *
     * @throws IllegalArgumentException in one line, with file and line number
     */
    public static GraphData read(Path folder) {
        List<Graph> plain = new ArrayList<>();
        List<int[]> tags = new ArrayList<>();
        IntList labels = new IntList();
        IntList folds = new IntList();
        int kinds = 1;
        int classes = 1;
        try (Lines lines = Lines.open(folder, "graphs.jsonl")) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                JsonNode graph;
                try {
                    graph = JSON.readTree(line);
                } catch (JsonProcessingException e) {
                    throw lines.problem("is not valid JSON");
                }
                int[] own = new int[graph.path("tags").size()];
                for (int i = 0; i < own.length; i++) {
                    own[i] = graph.get("tags").get(i).asInt();
                    kinds = Math.max(kinds, own[i] + 1);
                }
                JsonNode edges = graph.path("edges");
                int[] u = new int[edges.size()];
                int[] v = new int[edges.size()];
                for (int e = 0; e < u.length; e++) {
                    u[e] = edges.get(e).path(0).asInt(-1);
                    v[e] = edges.get(e).path(1).asInt(-1);
                }
                try {
                    plain.add(Graph.undirected(own.length, u, v));
                } catch (IllegalArgumentException e) {
                    throw lines.problem(e.getMessage());
                }
                tags.add(own);
                labels.add(graph.path("y").asInt());
                classes = Math.max(classes, graph.path("y").asInt() + 1);
                folds.add(graph.path("fold").asInt(-1));
            }
        }
        if (plain.isEmpty()) {
            throw new IllegalArgumentException(folder + ": graphs.jsonl holds no graph");
        }
        List<Graph> graphs = new ArrayList<>();
        for (int i = 0; i < plain.size(); i++) {
            graphs.add(plain.get(i).withFeatures(kinds > 1 ? new NodeFeatures.Categories(tags.get(i), kinds)
                    : degrees(plain.get(i))));
        }
        return new GraphData(folder.getFileName().toString(), graphs, labels.toArray(), classes, folds.toArray());
    }

    private static NodeFeatures degrees(Graph graph) {
        int[] degrees = graph.inDegrees();
        for (int i = 0; i < degrees.length; i++) {
            degrees[i] = Math.min(degrees[i], LARGEST_DEGREE);
        }
        return new NodeFeatures.Categories(degrees, LARGEST_DEGREE + 1);
    }
}
